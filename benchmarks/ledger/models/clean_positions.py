"""Nothing wrong: positions and a causal mask made from a dynamic length."""

import torch


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(64, 4)

    def forward(self, x):
        length = x.shape[1]
        x = x + self.embedding(torch.arange(length, device=x.device))
        mask = torch.full((length, length), float("-inf")).triu(1)
        return (x @ x.transpose(1, 2) + mask).softmax(-1)


def build():
    return Positions(), (torch.ones(2, 5, 4),), {}, {"x": {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO(max=64)}}
