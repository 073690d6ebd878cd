"""Adds to its input in place."""

import torch


class Bump(torch.nn.Module):
    def forward(self, x):
        x.add_(1)  # expect: TD401
        return x * 2


def build():
    return Bump(), (torch.ones(3),)
