"""A derived dimension that a parameter fixes, and its root with it: one assumption."""

import torch


class Doubled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x, y):
        return x * 2, y * self.weight  # expect: TD201


def build():
    rows = torch.export.Dim("rows")
    return Doubled(), (torch.rand(3, 4), torch.rand(6, 4)), {}, {"x": {0: rows}, "y": {0: 2 * rows}}
