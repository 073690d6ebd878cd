"""The best row by hand: each comparison of the loop is an assumption, all at one place."""

import torch


class Best(torch.nn.Module):
    def forward(self, x):
        best, where = 0.0, 0
        for row, score in enumerate(x.sum(1)):
            if score > best:  # expect: TD101
                best, where = score, row
        return x[where]


def build():
    return Best(), (torch.tensor([[1.0, 2.0], [0.5, 0.1], [3.0, 1.0]]),)
