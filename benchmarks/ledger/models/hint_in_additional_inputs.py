"""Dimensions found from further inputs: the length varies there, and the model fixes it.

Further inputs are as good as `Dim.DYNAMIC`: that the program refuses one of them breaks what was asked.
"""

import torch


class Banded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.band = torch.nn.Parameter(torch.ones(5))

    def forward(self, x):
        if x.shape[1] == self.band.shape[0]:  # expect: TD201
            return x * self.band
        return x


def build():
    more = torch.export.AdditionalInputs()
    more.add((torch.ones(2, 5),))
    more.add((torch.ones(2, 6),))
    return Banded(), (torch.ones(2, 5),), {}, more
