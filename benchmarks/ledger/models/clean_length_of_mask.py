"""`len` of a tensor is a symbol, as its size is: nothing is assumed."""

import torch


class Count(torch.nn.Module):
    def forward(self, x):
        positive = x[x > 0]
        return x / len(positive)


def build():
    return Count(), (torch.tensor([1.0, -1.0, 2.0]),)
