"""Collects intermediate outputs in a list of its own."""

import torch


class Probe(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)
        self.seen = []

    def forward(self, x):
        x = self.linear(x)
        self.seen.append(x)  # expect: TD402
        return x.relu()


def build():
    return Probe(), (torch.ones(2, 3),)
