"""A schedule that NumPy works out from a table the model's settings hold: the same one in every call."""

from types import SimpleNamespace

import numpy
import torch


class Denoises(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.settings = SimpleNamespace(alphas=torch.linspace(0.9, 0.1, 8))

    def forward(self, x):
        noise = numpy.array((1 - self.settings.alphas) / self.settings.alphas)  # expect: TD103 note
        for level in numpy.interp([6.0, 3.0], numpy.arange(8), noise):
            x = x / (1 + float(level))
        return x


def build():
    return Denoises(), (torch.ones(3),)
