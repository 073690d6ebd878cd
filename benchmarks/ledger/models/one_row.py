"""An example with a batch of one. The parameter in forward's signature is the place to look at."""

import torch


class Double(torch.nn.Module):
    def forward(self, x):  # expect: TD203
        return x * 2


def build():
    return Double(), (torch.ones(1, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}
