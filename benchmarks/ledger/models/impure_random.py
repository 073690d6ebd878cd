"""Drops layers at random with Python's generator."""

import random

import torch


class LayerDrop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(3, 3) for _ in range(3))

    def forward(self, x):
        for layer in self.layers:
            if random.random() < 0.9:  # expect: TD404 x3
                x = layer(x)
        return x


def build():
    return LayerDrop(), (torch.ones(2, 3),)
