"""A model whose output differs from call to call: no program can agree with it."""

import itertools

import torch

# expect without a line: TD904


class Turns(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turns = itertools.count(1)

    def forward(self, x):
        return x * next(self.turns)


def build():
    return Turns(), (torch.ones(3),)
