"""The example is shorter than the range it was declared with.

No line of the model is to blame; the parameter in forward's signature is the place to look at.
"""

import torch


class Scale(torch.nn.Module):
    def forward(self, x):  # expect: TD201
        return x * 2


def build():
    return Scale(), (torch.ones(3, 2),), {}, {"x": {0: torch.export.Dim("rows", min=4, max=8)}}
