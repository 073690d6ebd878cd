"""A condition per column in a generator inside `any`, over several lines: it is `any` that asks, where it is called."""

import torch


class Guarded(torch.nn.Module):
    def forward(self, table):
        if not any(  # expect: TD101 x3
            column.std() == 0 for column in table.unbind(1)
        ):
            table = table / table.std(0)
        return table


def build():
    return Guarded(), (torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 3.0]]),)
