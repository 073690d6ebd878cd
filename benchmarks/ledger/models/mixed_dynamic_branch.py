"""A dynamic batch that a table fixes, a length that a branch narrows, and a condition on data."""

import torch


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(4, 1, 3))

    def forward(self, x):
        if x.shape[1] > 128:  # expect: TD201
            x = x[:, :128]
        x = x + self.bias  # expect: TD202
        if x.abs().sum() == 0:  # expect: TD101
            return x
        return x / x.norm()


def build():
    shapes = {"x": {0: torch.export.Dim.AUTO, 1: torch.export.Dim("length", min=2)}}
    return Reader(), (torch.ones(4, 6, 3),), {}, shapes
