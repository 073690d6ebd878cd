"""A forward that insists on plain tensors: the whole model is recorded."""

import torch


class Strict(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")  # expect: TD901
        return x * 2


def build():
    return Strict(), (torch.ones(3),)
