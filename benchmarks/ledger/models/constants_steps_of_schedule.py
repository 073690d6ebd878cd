"""Time steps are tensors of numbers in the code; the last one is told by a comparison."""

import torch


class Steps(torch.nn.Module):
    def forward(self, x):
        levels = torch.linspace(1.0, 0.5, 10)
        for step in torch.arange(6, -1, -3):
            before = step - 3
            x = x * (levels[before] if before >= 0 else levels[-1])  # expect: TD101 note
        return x


def build():
    return Steps(), (torch.ones(3),)
