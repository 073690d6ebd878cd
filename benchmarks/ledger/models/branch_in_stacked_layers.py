"""The same gate in three layers of a stack: one issue that names the layers."""

import torch


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.router = torch.nn.Linear(4, 1)

    def forward(self, x):
        if self.router(x).mean() > 1e3:  # expect: TD101 x3
            return x
        return x + self.linear(x)


class Stack(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList(Block() for _ in range(3))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def build():
    return Stack(), (torch.ones(2, 4),)
