"""Each layer of a stack leaves a statistic: one issue with a count."""

import torch


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)
        self.load = None

    def forward(self, x):
        x = self.linear(x)
        self.load = x.mean()  # expect: TD402 x3
        return x


def build():
    return torch.nn.Sequential(*(Layer() for _ in range(3))), (torch.ones(2, 3),)
