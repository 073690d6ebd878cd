"""A function that calls itself until the interval is small: each depth is another call of the same line."""

import torch


def bisect(low, high, depth=0):
    middle = (low + high) / 2
    if depth == 3 or high - low < 0.3:  # expect: TD101, TD101, TD101
        return middle
    return bisect(low, middle, depth + 1)


class Root(torch.nn.Module):
    def forward(self, low, high):
        return bisect(low, high)


def build():
    return Root(), (torch.tensor(0.0), torch.tensor(1.0))
