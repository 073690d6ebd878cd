"""Sorts rows by a number of each: one comparison in one place, made as often as sorting needs it."""

import torch


class Ranked(torch.nn.Module):
    def forward(self, rows):
        ordered = sorted(rows.unbind(0), key=lambda row: row.sum())  # expect: TD101
        return torch.stack(ordered)


def build():
    return Ranked(), (torch.tensor([[3.0, 1.0], [1.0, 1.0], [2.0, 5.0]]),)
