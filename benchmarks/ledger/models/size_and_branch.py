"""A size and a branch on one line, in a function of a submodule."""

import torch


class Window(torch.nn.Module):
    def forward(self, x, offset):
        return x[int(offset) :] if x.mean() > 0 else x  # expect: TD101, TD102


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.window = Window()

    def forward(self, x, offset):
        return self.window(x * 2, offset) + 1


def build():
    return Net(), (torch.ones(6), torch.tensor(2))
