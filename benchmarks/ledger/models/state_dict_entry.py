"""A counter in a dictionary that the model keeps."""

import torch


class Logged(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stats = {"calls": 0}

    def forward(self, x):
        self.stats["calls"] += 1  # expect: TD402
        return x * 2


def build():
    return Logged(), (torch.ones(3),)
