"""A `try` around branches and sizes that data decides: each is one assumption, as it is outside of a `try`."""

import torch


class Guarded(torch.nn.Module):
    def forward(self, x):
        try:
            if x.max().item() > 3:  # expect: TD101 x1
                x = x * 2
            times = int(x.sum())  # expect: TD102 x1
            for _ in range(times):
                x = x + 1
            return x * len(x[x > 1])
        except RuntimeError:
            return x


def build():
    return Guarded(), (torch.ones(3),)
