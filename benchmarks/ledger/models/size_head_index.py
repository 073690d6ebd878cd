"""Picks one of several heads by a number in the input."""

import torch


class MultiTask(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = torch.nn.ModuleList(torch.nn.Linear(3, 2) for _ in range(3))

    def forward(self, x, task):
        return self.heads[int(task)](x)  # expect: TD102


def build():
    return MultiTask(), (torch.ones(2, 3), torch.tensor(1))
