"""An array too large to store: nothing can be asserted of it."""

import numpy
import torch


class Whiten(torch.nn.Module):
    def forward(self, x):
        spread = numpy.percentile(x.numpy(), 99)  # expect: TD103 baked
        return x[:, :4] / float(spread)


def build():
    return Whiten(), (torch.ones(2, 2_200_000),)
