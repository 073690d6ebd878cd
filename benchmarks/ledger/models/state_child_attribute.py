"""Attributes of a child, set to the same in every call."""

import torch


class Parent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x):
        self.layer.scale = 3  # expect: TD402 note
        return self.layer(x) * self.layer.scale


def build():
    return Parent(), (torch.ones(3),)
