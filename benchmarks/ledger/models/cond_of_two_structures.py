"""One branch returns a tensor, the other a pair, in a submodule."""

import torch


class Head(torch.nn.Module):
    def forward(self, x):
        with torch.compiler.set_stance("force_eager"):
            return torch.cond(x.max() > 0, lambda x: (x * 2,), lambda x: (x, x * 3), (x,))  # expect: TD602


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = Head()

    def forward(self, x):
        return self.head(x.relu())[0]


def build():
    return Net(), (torch.ones(3),)
