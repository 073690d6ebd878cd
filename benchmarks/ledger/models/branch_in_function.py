"""The branch stands in a function beside the model."""

import torch


def unit(vector):
    length = vector.norm()
    if length == 0:  # expect: TD101
        return vector
    return vector / length


class Direction(torch.nn.Module):
    def forward(self, start, end):
        return unit(end - start)


def build():
    return Direction(), (torch.zeros(3), torch.tensor([3.0, 4.0, 0.0]))
