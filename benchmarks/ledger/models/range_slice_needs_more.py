"""A slice of five and weights for five: shorter sequences were allowed."""

import torch


class Head(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.ones(5))

    def forward(self, x):
        return x[:, :5] * self.weights  # expect: TD201


def build():
    return Head(), (torch.ones(2, 7),), {}, {"x": {1: torch.export.Dim("length", min=2, max=10)}}
