"""Python's `max` over a list of numbers chooses one of them."""

import torch


class Peak(torch.nn.Module):
    def forward(self, x):
        return x / max(x.tolist())  # expect: TD101


def build():
    return Peak(), (torch.tensor([1.0, 4.0, 2.0]),)
