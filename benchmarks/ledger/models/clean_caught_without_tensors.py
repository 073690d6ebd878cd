"""Nothing wrong: exceptions of plain Python, raised and caught, that no input changes."""

import torch


class Lookup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = {"wide": 2.0}

    def forward(self, x):
        try:
            scale = self.scales["narrow"]
        except KeyError:
            scale = 1.0
        offset = getattr(self, "offset", None)
        return x * scale if offset is None else x + offset


def build():
    return Lookup(), (torch.ones(3),)
