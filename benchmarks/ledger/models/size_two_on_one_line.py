"""Crops by two numbers of one box: two assumptions on one line."""

import torch


class Crop(torch.nn.Module):
    def forward(self, image, height, width):
        return image[:, : int(height), : int(width)]  # expect: TD102, TD102


def build():
    return Crop(), (torch.rand(3, 8, 8), torch.tensor(5), torch.tensor(4))
