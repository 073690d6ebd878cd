"""Branches of two dtypes in a loop, without the other of them ever taken."""

import torch


class Steps(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        for _ in range(2):
            with torch.compiler.set_stance("force_eager"):
                y = torch.cond(total > 0, lambda x: x + 1, lambda x: x.long(), (x,))  # expect: TD602 x2
            total = total + y.sum()
        return total


def build():
    return Steps(), (torch.ones(3),)
