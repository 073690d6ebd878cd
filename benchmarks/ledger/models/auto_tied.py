"""A matrix product ties the inner dimensions of two inputs to each other."""

import torch


class Project(torch.nn.Module):
    def forward(self, x, weight):
        return x @ weight  # expect: TD202


def build():
    auto = torch.export.Dim.AUTO
    return Project(), (torch.ones(2, 3), torch.ones(3, 5)), {}, {"x": {1: auto}, "weight": {0: auto}}
