"""Pads the length to a multiple of four where that is needed."""

import torch


class Padded(torch.nn.Module):
    def forward(self, x):
        missing = -x.shape[1] % 4
        if missing:  # expect: TD202
            x = torch.nn.functional.pad(x, (0, missing))
        return x.unflatten(1, (-1, 4)).mean(1)


def build():
    return Padded(), (torch.ones(2, 6),), {}, {"x": {1: torch.export.Dim.AUTO}}
