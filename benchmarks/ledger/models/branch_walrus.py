"""An assignment inside the condition."""

import torch


class Count(torch.nn.Module):
    def forward(self, x, mask):
        if (count := mask.sum()) > 2:  # expect: TD101
            return x / count
        return x


def build():
    return Count(), (torch.ones(4), torch.tensor([True, True, False, True]))
