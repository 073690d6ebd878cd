"""Nested tensors that no tracer can describe: the program checks its inputs and returns what the model returned."""

import torch


class Pad(torch.nn.Module):
    def forward(self, x):
        rows = torch.nested.as_nested_tensor([x[:1], x], layout=torch.jagged)  # expect: TD905
        return torch.nested.to_padded_tensor(rows, 0.0)


def build():
    return Pad(), (torch.ones(2, 3),)
