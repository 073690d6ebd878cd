"""A branch on which of two dimensions is longer."""

import torch


class Tall(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > x.shape[1]:  # expect: TD202
            x = x.T
        return x.cumsum(0)


def build():
    auto = torch.export.Dim.AUTO
    return Tall(), (torch.ones(5, 3),), {}, {"x": {0: auto, 1: auto}}
