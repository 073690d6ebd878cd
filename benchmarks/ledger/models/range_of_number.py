"""A plain number among the inputs is dynamic; a branch narrows it."""

import torch


class Shift(torch.nn.Module):
    def forward(self, x, amount):
        if amount > 3:  # expect: TD201
            return x + amount
        return x - amount


def build():
    return Shift(), (torch.ones(3), 5), {}, {"x": None, "amount": torch.export.Dim.DYNAMIC}
