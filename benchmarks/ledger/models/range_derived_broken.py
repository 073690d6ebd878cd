"""Two lengths declared as one and its double, in a model made for one length.

The shared dimension is what the model fixes; that its double is fixed with it is no assumption of its own.
"""

import torch


class Mix(torch.nn.Module):
    def forward(self, short, long):
        return short.sum() + long[: short.shape[0] * 2] @ torch.ones(8)  # expect: TD201


def build():
    half = torch.export.Dim("half")
    return Mix(), (torch.ones(4), torch.ones(8)), {}, {"short": {0: half}, "long": {0: 2 * half}}
