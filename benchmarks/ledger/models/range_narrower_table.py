"""A range declared wider than the table of positions is long."""

import torch


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.zeros(32, 4))

    def forward(self, x):
        return x + self.table[: x.shape[1]]  # expect: TD201


def build():
    return Positions(), (torch.ones(2, 6, 4),), {}, {"x": {1: torch.export.Dim("length", max=64)}}
