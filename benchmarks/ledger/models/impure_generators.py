"""Generators of NumPy's and Python's that carry their state from call to call."""

import random

import numpy
import torch


class Noise(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rng = numpy.random.default_rng(0)
        self.dice = random.Random(0)

    def forward(self, x):
        x = x + self.rng.standard_normal()  # expect: TD404
        return x * self.dice.random()  # expect: TD404


def build():
    return Noise(), (torch.ones(3),)
