"""A cache shared by every instance of the class. Every call of the program makes the mask anew: nothing is wrong."""

import torch


class Mask(torch.nn.Module):
    cache = {}  # noqa: RUF012

    def forward(self, x):
        length = x.shape[1]
        if length not in Mask.cache:
            Mask.cache[length] = torch.ones(length, length).tril()  # expect: TD403 note
        return x * Mask.cache[length]


def build():
    return Mask(), (torch.ones(3, 3),)
