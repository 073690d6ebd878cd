"""The same with a declared dimension."""

import torch


class Flatten(torch.nn.Module):
    def forward(self, x):
        x = x * 2
        return x.reshape(8, -1).sum(1)  # expect: TD204


def build():
    return Flatten(), (torch.ones(8, 2, 3),), {}, {"x": {0: torch.export.Dim("batch")}}
