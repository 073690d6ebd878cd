"""The batch size of the training script in a `view`."""

import torch


class Flatten(torch.nn.Module):
    def forward(self, x):
        return x.view(32, -1)  # expect: TD204


def build():
    return Flatten(), (torch.ones(32, 2, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}
