"""Noise and a permutation drawn by NumPy, on two lines."""

import numpy
import torch


class Noise(torch.nn.Module):
    def forward(self, x):
        noise = numpy.random.randn(3)  # expect: TD404
        order = numpy.random.permutation(3)  # expect: TD404
        return x[torch.from_numpy(order)] + torch.from_numpy(noise).float()


def build():
    return Noise(), (torch.arange(3.0),)
