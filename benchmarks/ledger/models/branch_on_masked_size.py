"""The number of masked elements is data: a branch on it is a data-dependent one."""

import torch


class MaskedMean(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        if kept.numel() == 0:  # expect: TD101
            return x.new_zeros(())
        return kept.mean()


def build():
    return MaskedMean(), (torch.tensor([1.0, -1.0, 2.0]),)
