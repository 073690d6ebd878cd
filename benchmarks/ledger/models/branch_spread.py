"""Two numbers read with `item`, compared with each other later."""

import torch


class Rescale(torch.nn.Module):
    def forward(self, image):
        low = image.min().item()
        high = image.max().item()
        if low == high:  # expect: TD101
            return torch.zeros_like(image)
        return (image - low) / (high - low)


def build():
    return Rescale(), (torch.arange(9.0).view(3, 3),)
