"""A range check: both comparisons are evaluated, and each is an assumption."""

import torch


class Normalize(torch.nn.Module):
    def forward(self, image):
        if image.min() < 0 or image.max() > 1:  # expect: TD101, TD101
            image = image.sigmoid()
        return (image - 0.5) / 0.25


def build():
    return Normalize(), (torch.linspace(0, 1, 12).view(1, 3, 2, 2),)
