"""A helper that tries shapes until one fits, called twice: the attempt fails in the second call."""

import torch


def matched(left, right):
    try:
        return left + right  # expect: TD601
    except RuntimeError:
        return left + right.mean()


class Merge(torch.nn.Module):
    def forward(self, x, y, z):
        return matched(x, y) * matched(x, z)


def build():
    return Merge(), (torch.ones(3), torch.ones(3), torch.ones(5))
