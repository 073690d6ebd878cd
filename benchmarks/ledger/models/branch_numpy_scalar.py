"""Code that came from NumPy: `item`, then arithmetic in Python, then a branch on its outcome."""

import torch


class Threshold(torch.nn.Module):
    def forward(self, x):
        mean, deviation = x.mean().item(), x.std().item()
        limit = mean + 3 * deviation
        if limit > 10:  # expect: TD101
            limit = 10
        return x.clamp(max=limit)


def build():
    return Threshold(), (torch.tensor([1.0, 2.0, 3.0]),)
