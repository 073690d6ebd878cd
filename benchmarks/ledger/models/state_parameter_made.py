"""A parameter is made in forward, the first time there is none."""

import torch


class Grows(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x):
        y = self.layer(x)
        self.scale = torch.nn.Parameter(torch.ones(2))  # expect: TD402
        return y * self.scale


def build():
    return Grows(), (torch.ones(1, 2),)
