"""Two tensors read on one line are two reads."""

import numpy
import torch


class Correlate(torch.nn.Module):
    def forward(self, left, right):
        table = numpy.corrcoef(left.numpy(), right.numpy())  # expect: TD103, TD103
        return left * float(table[0, 1])


def build():
    return Correlate(), (torch.tensor([1.0, 2.0, 4.0]), torch.tensor([2.0, 3.0, 9.0]))
