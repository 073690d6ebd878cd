"""A plain class as the output, made first and returned later."""

import torch


class Result:
    def __init__(self, scores):
        self.scores = scores


class Scorer(torch.nn.Module):
    def forward(self, x):
        result = Result(x * 2)
        result.scores = result.scores.softmax(-1)
        return result  # expect: TD502


def build():
    return Scorer(), (torch.ones(3),)
