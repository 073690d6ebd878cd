"""Tries a view and falls back."""

import torch


class Fold(torch.nn.Module):
    def forward(self, x):
        try:
            return x.view(-1, 3) * 2  # expect: TD601
        except RuntimeError:
            return x * 2


def build():
    return Fold(), (torch.ones(4),)
