"""Two kinds of layers alternate; each kind asks in its own place."""

import torch


class Even(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 100 else x + 1  # expect: TD101 x2


class Odd(torch.nn.Module):
    def forward(self, x):
        if x.max() < 0:  # expect: TD101 x2
            return -x
        return x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([Even(), Odd(), Even(), Odd()])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def build():
    return Net(), (torch.ones(3),)
