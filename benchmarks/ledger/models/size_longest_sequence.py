"""Cuts the padding off: `int` makes a Python number of the longest length."""

import torch


class Trim(torch.nn.Module):
    def forward(self, x, lengths):
        longest = int(lengths.max())  # expect: TD102
        return x[:, :longest].mean(1)


def build():
    return Trim(), (torch.ones(2, 6), torch.tensor([3, 5]))
