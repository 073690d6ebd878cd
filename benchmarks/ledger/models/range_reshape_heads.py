"""Heads of a width that an attribute gives: the features have to come out even."""

import torch


class Heads(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def forward(self, x):
        return x.unflatten(-1, (-1, self.width)).transpose(1, 2)  # expect: TD201


def build():
    return Heads(4), (torch.ones(2, 3, 12),), {}, {"x": {1: torch.export.Dim("time"), 2: torch.export.Dim("features")}}
