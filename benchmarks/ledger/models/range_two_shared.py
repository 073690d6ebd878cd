"""A dimension shared by two inputs, fixed by a table: one name, one assumption."""

import torch


class Lookup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(6))

    def forward(self, x, mask):
        x = x.masked_fill(mask, 0)
        return x + self.bias  # expect: TD201


def build():
    length = torch.export.Dim("length")
    shapes = {"x": {1: length}, "mask": {1: length}}
    return Lookup(), (torch.ones(2, 6), torch.zeros(2, 6, dtype=torch.bool)), {}, shapes
