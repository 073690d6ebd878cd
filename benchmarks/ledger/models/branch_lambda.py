"""The choice stands in a lambda, called for each of three parts on one line."""

import torch


class Signs(torch.nn.Module):
    def forward(self, x):
        flip = lambda part: part if part.sum() >= 0 else -part  # noqa: E731  # expect: TD101 x3
        return torch.cat([flip(part) for part in x.split(2)])


def build():
    return Signs(), (torch.tensor([1.0, 2.0, -3.0, 1.0, 0.0, 1.0]),)
