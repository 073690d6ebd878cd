"""Negative items drawn by NumPy, embedded, and a loss printed every hundredth call."""

import numpy
import torch


class Recommender(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.items = torch.nn.Embedding(20, 4)
        self.steps = 0

    def forward(self, user, item):
        negative = torch.as_tensor(numpy.random.randint(0, 20, size=3))  # expect: TD404
        self.steps += 1  # expect: TD402
        score = (user * self.items(item)).sum() - (user * self.items(negative)).sum(-1).mean()
        if self.steps % 100 == 0:
            print("score", score)
        return torch.nn.functional.softplus(-score)


def build():
    return Recommender(), (torch.ones(4), torch.tensor(3))
