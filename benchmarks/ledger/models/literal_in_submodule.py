"""The literal stands in a submodule, in an `expand` that broadcasts against the input."""

import torch


class Token(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.zeros(1, 1, 3))

    def forward(self, x):
        return torch.cat([self.token.expand(4, 1, 3), x], 1)  # expect: TD204


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = Token()

    def forward(self, x):
        return self.token(x * 2)[:, 0]


def build():
    return Net(), (torch.ones(4, 5, 3),), {}, {"x": {0: torch.export.Dim.DYNAMIC}}
