"""Two unregistered classes in one output."""

import torch


class Boxes:
    def __init__(self, corners):
        self.corners = corners


class Scores:
    def __init__(self, values):
        self.values = values


class Detector(torch.nn.Module):
    def forward(self, x):
        return Boxes(x[:, :4]), Scores(x[:, 4])  # expect: TD502, TD502


def build():
    return Detector(), (torch.ones(3, 5),)
