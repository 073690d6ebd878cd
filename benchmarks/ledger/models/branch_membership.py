"""`in` compares with each entry until one fits: one comparison in the source, made twice."""

import torch


class Filter(torch.nn.Module):
    def forward(self, embedded, token):
        if token.item() in (0, 1):  # expect: TD101 x2
            return torch.zeros_like(embedded)
        return embedded


def build():
    return Filter(), (torch.ones(4), torch.tensor(7))
