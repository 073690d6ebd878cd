"""The same where the dimension was declared with `Dim`: the size of the example is to blame, not the model."""

import torch


class Double(torch.nn.Module):
    def forward(self, x):  # expect: TD203
        return x * 2


def build():
    return Double(), (torch.ones(1, 3),), {}, {"x": {0: torch.export.Dim("batch")}}
