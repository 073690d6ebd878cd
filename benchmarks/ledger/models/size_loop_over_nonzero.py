"""Iterates over indices found in data: the loop is unrolled as often as the example has them."""

import torch


class Spread(torch.nn.Module):
    def forward(self, x):
        out = torch.zeros_like(x)
        for (index,) in (x > 0).nonzero():  # expect: TD102
            out = out + x * index
        return out


def build():
    return Spread(), (torch.tensor([1.0, -1.0, 2.0]),)
