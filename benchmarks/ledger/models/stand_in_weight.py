"""A branch on a weight without data: the choice is an assumption, and so is the number that stood in for the weight."""

import torch

import torchdraft


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        if self.scale.sum() > 0:  # expect: TD101, TD304
            return x * self.scale
        return x


# expect without a line: TD903


def build():
    with torchdraft.fake_weights():
        model = Scaled()
    return model, (torch.ones(3),)
