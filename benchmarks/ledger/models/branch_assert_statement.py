"""An `assert` of the model's own about data."""

import torch


class Checked(torch.nn.Module):
    def forward(self, x):
        assert x.sum() > 0, "positive"  # expect: TD101
        return x * 2


def build():
    return Checked(), (torch.ones(3),)
