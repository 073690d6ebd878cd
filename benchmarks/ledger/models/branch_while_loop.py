"""Gradient clipping by halving: the condition is asked three times, the last time it is false."""

import torch


class Halve(torch.nn.Module):
    def forward(self, gradient):
        while gradient.norm() > 1:  # expect: TD101 x3
            gradient = gradient / 2
        return gradient


def build():
    return Halve(), (torch.tensor([0.0, 4.0]),)
