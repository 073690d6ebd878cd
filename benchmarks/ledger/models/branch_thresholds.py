"""A loop over thresholds: the condition is the same in each turn."""

import torch


class Levels(torch.nn.Module):
    def forward(self, x):
        level = 0
        for threshold in (0.1, 0.5, 0.9):
            if x.mean() > threshold:  # expect: TD101 x3
                level += 1
        return x * level


def build():
    return Levels(), (torch.full((4,), 0.6),)
