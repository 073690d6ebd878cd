"""A learned gate decides: the parameter's value steers Python."""

import torch


class ReZero(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = torch.nn.Parameter(torch.tensor(0.5))
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        if self.alpha.item() != 0:  # expect: TD101
            x = x + self.alpha * self.linear(x)
        return x


def build():
    return ReZero(), (torch.ones(2, 3),)
