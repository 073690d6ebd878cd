"""An object that is no module counts in a method of its own; one that the caller made is found as well."""

import torch


class Meter:
    def __init__(self):
        self.total, self.count = 0.0, 0

    def update(self, size):
        self.total += size  # expect: TD403
        self.count += 1  # expect: TD403


class Metered(torch.nn.Module):
    def __init__(self, meter):
        super().__init__()
        self.meter = meter

    def forward(self, x):
        self.meter.update(x.shape[0])
        count = 2
        return x * count


def build():
    return Metered(Meter()), (torch.ones(3),)
