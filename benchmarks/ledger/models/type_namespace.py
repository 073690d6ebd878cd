"""A namespace as output, and an object in a list as input."""

from types import SimpleNamespace

import torch


class Item:
    def __init__(self, value):
        self.value = value


class Collect(torch.nn.Module):
    def forward(self, items):  # expect: TD501
        values = torch.stack([item.value for item in items])
        return SimpleNamespace(mean=values.mean(0), best=values.amax(0))  # expect: TD502


def build():
    return Collect(), ([Item(torch.ones(2)), Item(torch.zeros(2))],)
