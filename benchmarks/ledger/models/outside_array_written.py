"""NumPy writes into the memory that an array shares with a tensor; what it was given is asserted."""

import torch


class Patch(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        y.numpy()[0] = 9.0  # expect: TD103, TD303 guarded
        return y + 1


def build():
    return Patch(), (torch.ones(3),)
