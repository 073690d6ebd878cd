"""A size written into a key."""

import torch


class Keyed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = {"w8": 2.0, "w16": 4.0}

    def forward(self, x):
        return x * self.scales[f"w{x.shape[1]}"]  # expect: TD202


def build():
    return Keyed(), (torch.ones(2, 8),), {}, {"x": {1: torch.export.Dim.AUTO}}
