"""An order computed by NumPy's `lexsort` from two tensors."""

import numpy
import torch


class Order(torch.nn.Module):
    def forward(self, row, column):
        order = numpy.lexsort((column.numpy(), row.numpy()))  # expect: TD103, TD103
        return row[torch.from_numpy(order)] * 10 + column


def build():
    return Order(), (torch.tensor([1, 0, 1]), torch.tensor([2, 1, 0]))
