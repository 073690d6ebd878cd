"""A count in a list in a dictionary, and a cache in a list of dictionaries."""

import torch


class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stats = {"calls": [0]}
        self.caches = [{"keys": None}, {"keys": None}]

    def forward(self, x):
        self.stats["calls"][0] += 1  # expect: TD402
        self.caches[1]["keys"] = x * 2  # expect: TD402
        return x * self.stats["calls"][0]


def build():
    return Counting(), (torch.ones(3),)
