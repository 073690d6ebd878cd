"""A running total in a plain attribute."""

import torch


class Total(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.total = torch.zeros(3)

    def forward(self, x):
        self.total = self.total + x  # expect: TD402
        return self.total * 2


def build():
    return Total(), (torch.ones(3),)
