"""Differences between this call's input and the last one's."""

import torch


class Delta(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.previous = None

    def forward(self, x):
        delta = torch.zeros_like(x) if self.previous is None else x - self.previous
        self.previous = x  # expect: TD402
        return delta


def build():
    return Delta(), (torch.ones(3),)
