"""Two lines can assign the attribute; the one that ran is told."""

import torch


class Momentum(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.velocity = torch.zeros(3)

    def forward(self, x):
        if self.velocity is None:
            self.velocity = x
        else:
            self.velocity = 0.9 * self.velocity + x  # expect: TD402
        return x - self.velocity


def build():
    return Momentum(), (torch.ones(3),)
