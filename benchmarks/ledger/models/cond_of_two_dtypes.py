"""Branches of `torch.cond` that return different dtypes, under the stance without which eager refuses them too.

The mismatch says itself that the path taken is asserted: that the condition is data is no second finding.
"""

import torch


class Widen(torch.nn.Module):
    def forward(self, x):
        def plain(x):
            return x * 2

        def wide(x):
            return (x * 2).double()

        with torch.compiler.set_stance("force_eager"):
            return torch.cond(x.sum() > 0, plain, wide, (x,))  # expect: TD602


def build():
    return Widen(), (torch.ones(3),)
