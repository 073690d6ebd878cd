"""Counts its calls in a Python number."""

import torch


class Warmup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1  # expect: TD402
        return x * min(1.0, self.calls / 10)


def build():
    return Warmup(), (torch.ones(3),)
