"""Scales a batch down when it is loud."""

import torch


class Pool(torch.nn.Module):
    def forward(self, x):
        if x.abs().max() > 1:  # expect: TD101
            x = x / x.abs().max()
        return x.mean(1)


def build():
    return Pool(), (torch.full((2, 6), 3.0),)
