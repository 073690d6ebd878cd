"""A branch on a size declared with `Dim`."""

import torch


class Head(torch.nn.Module):
    def forward(self, x):
        if x.size(0) > 10:  # expect: TD201
            return x[:10] * 2
        return x


def build():
    return Head(), (torch.ones(12, 3),), {}, {"x": {0: torch.export.Dim("rows")}}
