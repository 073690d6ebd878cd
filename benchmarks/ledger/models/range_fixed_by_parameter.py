"""`Dim.DYNAMIC` for a length that a table of positions fixes."""

import torch


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.zeros(6, 4))

    def forward(self, x):
        return x + self.table  # expect: TD201


def build():
    return Positions(), (torch.ones(2, 6, 4),), {}, {"x": {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}}
