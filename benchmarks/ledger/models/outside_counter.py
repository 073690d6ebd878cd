"""Counts the calls of every model in a global, and of this class in its attribute."""

import torch

CALLS = 0


class Counted(torch.nn.Module):
    calls = 0

    def forward(self, x):
        global CALLS
        CALLS += 1  # expect: TD403
        type(self).calls += 1  # expect: TD403
        return x * 2


def build():
    return Counted(), (torch.ones(3),)
