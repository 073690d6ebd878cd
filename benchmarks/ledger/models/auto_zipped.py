"""Rows of an input taken one by one by Python."""

import torch


class Products(torch.nn.Module):
    def forward(self, x):
        return torch.stack([left * right for left, right in zip(x, x + 1, strict=True)])  # expect: TD202


def build():
    auto = torch.export.Dim.AUTO
    return Products(), (torch.rand(3, 8),), {}, {"x": {0: auto}}
