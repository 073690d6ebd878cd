"""The same read in every turn: one issue with a count."""

import numpy
import torch


class Steps(torch.nn.Module):
    def forward(self, x):
        for _ in range(4):
            order = numpy.argsort(x.numpy())  # expect: TD103 x4
            x = x[torch.from_numpy(order)] * 0.5
        return x


def build():
    return Steps(), (torch.tensor([3.0, 1.0, 2.0]),)
