"""A statistic computed by NumPy."""

import numpy
import torch


class Center(torch.nn.Module):
    def forward(self, x):
        middle = numpy.median(x.detach().numpy())  # expect: TD103
        return x - float(middle)


def build():
    return Center(), (torch.tensor([1.0, 2.0, 5.0]),)
