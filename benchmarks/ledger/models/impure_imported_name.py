"""A random function imported by its name."""

from random import uniform

import torch


class Jitter(torch.nn.Module):
    def forward(self, x):
        return x * uniform(0.9, 1.1)  # expect: TD404


def build():
    return Jitter(), (torch.ones(3),)
