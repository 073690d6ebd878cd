"""More data than is asserted value by value, less than is too large to store."""

import torch


class Histogram(torch.nn.Module):
    def forward(self, image):
        low, high = min(image.flatten().tolist()), 255.0  # expect: TD103
        return (image - low) / (high - low)


def build():
    return Histogram(), (torch.arange(256.0).view(1, 16, 16),)
