"""A random number, a size and a condition on one line."""

import random

import torch


class Augment(torch.nn.Module):
    def forward(self, x, width):
        return x[: int(width)] * random.random() if x.sum() > 0 else x  # expect: TD101, TD102, TD404


def build():
    return Augment(), (torch.ones(5), torch.tensor(3))
