"""The size is an attribute, no literal: a dimension that became constant."""

import torch


class Recurrent(torch.nn.Module):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def forward(self, x):
        return x.view(self.batch, -1).sum(1)  # expect: TD202


def build():
    return Recurrent(4), (torch.ones(4, 2, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}
