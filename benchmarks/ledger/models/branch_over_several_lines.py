"""A condition over three lines: each comparison is told on the line it stands on."""

import torch


class Gate(torch.nn.Module):
    def forward(self, x, mask):
        if (
            x.abs().max() < 100  # expect: TD101
            and mask.float().mean() > 0.5  # expect: TD101
        ):
            return x * mask
        return x


def build():
    return Gate(), (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.bool))
