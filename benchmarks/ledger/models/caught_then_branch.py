"""An attempt that fails, then a condition on data in the handler."""

import torch


class Robust(torch.nn.Module):
    def forward(self, a, b):
        try:
            return a @ b  # expect: TD601
        except RuntimeError:
            if a.sum() > 0:  # expect: TD101
                return a @ b.T
            return a * 0


def build():
    return Robust(), (torch.ones(2, 3), torch.ones(2, 3))
