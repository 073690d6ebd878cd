"""Mixture of experts in a loop: an expert without tokens is skipped, three of the four have some."""

import torch


class Experts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.experts = torch.nn.ModuleList(torch.nn.Linear(3, 3) for _ in range(4))

    def forward(self, x, route):
        out = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows = (route == number).nonzero()[:, 0]
            if rows.numel() == 0:  # expect: TD101 x4
                continue
            out = out.index_add(0, rows, expert(x[rows]))
        return out


def build():
    return Experts(), (torch.ones(5, 3), torch.tensor([0, 1, 1, 3, 0]))
