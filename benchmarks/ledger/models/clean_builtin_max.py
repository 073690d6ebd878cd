"""Nothing wrong: Python's `max` of two tensors, which the tracer knows as an operation."""

import torch


class Margin(torch.nn.Module):
    def forward(self, near, far):
        widest = max(near.abs().sum(), far.abs().sum())
        return (near - far) / widest


def build():
    return Margin(), (torch.ones(3), torch.zeros(3))
