"""Two dimensions fixed by two lines."""

import torch


class Grid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rows = torch.nn.Parameter(torch.zeros(5, 1))
        self.columns = torch.nn.Parameter(torch.zeros(7))

    def forward(self, x):
        x = x + self.rows  # expect: TD202
        return x * self.columns  # expect: TD202


def build():
    auto = torch.export.Dim.AUTO
    return Grid(), (torch.ones(5, 7),), {}, {"x": {0: auto, 1: auto}}
