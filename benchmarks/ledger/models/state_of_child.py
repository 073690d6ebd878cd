"""The parent sets an attribute of a layer before it calls it, the same in every call."""

import torch


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = 1.0

    def forward(self, x):
        return x * self.factor


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scaled = Scaled()

    def forward(self, x):
        self.scaled.factor = 3.0  # expect: TD402 note
        return self.scaled(x)


def build():
    return Net(), (torch.ones(3),)
