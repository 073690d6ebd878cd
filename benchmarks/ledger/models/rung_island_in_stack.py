"""Three layers of a class that insists on plain tensors, among others: one cause, three layers."""

import torch


class Plain(torch.nn.Module):
    def forward(self, x):
        assert x.__class__ is torch.Tensor, "plain tensors only"  # expect: TD901 x3
        return x * 2


def build():
    layers = [torch.nn.Linear(2, 2), Plain(), torch.nn.ReLU(), Plain(), Plain()]
    return torch.nn.Sequential(*layers), (torch.ones(1, 2),)
