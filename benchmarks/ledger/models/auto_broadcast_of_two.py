"""A dimension that has to be the same as another input's, and one that the model narrows, on one line."""

import torch


class Blend(torch.nn.Module):
    def forward(self, base, top):
        return base + top[:, :4]  # expect: TD202, TD202


def build():
    auto = torch.export.Dim.AUTO
    return Blend(), (torch.ones(3, 4), torch.ones(3, 6)), {}, {"base": {0: auto}, "top": {0: auto, 1: auto}}
