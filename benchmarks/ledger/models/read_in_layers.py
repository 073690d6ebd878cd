"""A debug print in each layer of a stack: one note with a count."""

import torch


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 2)

    def forward(self, x):
        x = self.linear(x)
        print(x.mean())  # expect: TD103 note x3
        return x


def build():
    return torch.nn.Sequential(*(Layer() for _ in range(3))), (torch.ones(1, 2),)
