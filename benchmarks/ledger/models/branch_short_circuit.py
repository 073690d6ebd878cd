"""Only the first operand of an `or` is evaluated on this example: one assumption."""

import torch


class Skip(torch.nn.Module):
    def forward(self, x, flag):
        if flag or x.sum() > 10:  # expect: TD101
            return x * 2
        return x


def build():
    return Skip(), (torch.ones(3), torch.tensor(True))
