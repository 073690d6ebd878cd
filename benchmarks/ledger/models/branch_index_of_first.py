"""`index` of a Python list compares entries until one fits: the third."""

import torch


class First(torch.nn.Module):
    def forward(self, tokens, embedded):
        end = tokens.tolist().index(2)  # expect: TD101 x3
        return embedded[:end].mean(0)


def build():
    return First(), (torch.tensor([5, 4, 2, 0]), torch.ones(4, 3))
