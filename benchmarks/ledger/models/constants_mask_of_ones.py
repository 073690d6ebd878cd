"""A mask that is made where the caller gives none, and asked whether it hides anything: it never does."""

import torch


class Attends(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(4, 4)

    def forward(self, x, mask=None):
        if mask is None:
            mask = torch.ones(x.shape[:2])
        hidden = (mask < 1).flatten().any().item()
        scores = self.project(x) @ x.mT
        if hidden:  # expect: TD101 note
            scores = scores.masked_fill(mask[:, None] < 1, -1e9)
        return scores.softmax(-1) @ x


def build():
    return Attends(), (torch.ones(2, 3, 4),)
