"""A submodule that insists on plain tensors and branches on data: it alone is recorded."""

import torch


class Plain(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")  # expect: TD901
        return x * 2 if x[0] > 0 else x * 3  # expect: TD101


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)
        self.plain = Plain()

    def forward(self, x):
        return self.plain(x.abs() + 1) + self.linear(x)


def build():
    return Net(), (torch.ones(3),)
