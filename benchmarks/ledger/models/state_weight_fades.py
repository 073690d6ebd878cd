"""A weight that no input is in, and that every call makes smaller."""

import torch


class Fades(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.ones(3)

    def forward(self, x):
        self.weight = self.weight * 0.9  # expect: TD402
        return x * self.weight


def build():
    return Fades(), (torch.ones(2, 3),)
