"""A token repeated for a batch of eight."""

import torch


class Prompt(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.ones(1, 3))

    def forward(self, x):
        return x * self.token.repeat(8, 1)  # expect: TD204


def build():
    return Prompt(), (torch.ones(8, 3),), {}, {"x": {0: torch.export.Dim("batch")}}
