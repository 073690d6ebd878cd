"""Two branches on one dimension, on two lines: two assumptions, though one range holds both."""

import torch


class Pyramid(torch.nn.Module):
    def forward(self, x):
        if x.shape[1] > 4:  # expect: TD201
            x = x[:, ::2]
        if x.shape[1] > 6:  # expect: TD201
            x = x[:, ::2]
        return x


def build():
    return Pyramid(), (torch.ones(2, 16),), {}, {"x": {1: torch.export.Dim("length")}}
