"""A file name made from a step number picks a table."""

import torch

TABLES = {"step-3": 0.5, "step-4": 0.25}


class Table(torch.nn.Module):
    def forward(self, x, step):
        return x * TABLES["step-" + str(step.item())]  # expect: TD102


def build():
    return Table(), (torch.ones(2), torch.tensor(3))
