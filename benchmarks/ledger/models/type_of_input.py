"""A plain class as an input."""

import torch


class Batch:
    def __init__(self, left, right):
        self.left = left
        self.right = right


class Sum(torch.nn.Module):
    def forward(self, batch):  # expect: TD501
        return batch.left + batch.right


def build():
    return Sum(), (Batch(torch.ones(3), torch.ones(3)),)
