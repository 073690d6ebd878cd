"""`in` compares with each entry until one fits."""

import torch


class Filter(torch.nn.Module):
    def forward(self, embedded, token):
        if token.item() in (0, 1):  # expect: TD101, TD101
            return torch.zeros_like(embedded)
        return embedded


def build():
    return Filter(), (torch.ones(4), torch.tensor(7))
