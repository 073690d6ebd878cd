"""Unpacking a tensor into three names fixes its first dimension."""

import torch


class Mix(torch.nn.Module):
    def forward(self, qkv):
        query, key, value = qkv  # expect: TD202
        return query * key + value


def build():
    return Mix(), (torch.ones(3, 4),), {}, {"qkv": {0: torch.export.Dim.AUTO}}
