"""A Python loop over a dimension unrolls it."""

import torch


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.GRUCell(3, 3)

    def forward(self, x):
        state = x.new_zeros(x.shape[0], 3)
        for step in range(x.shape[1]):  # expect: TD202
            state = self.cell(x[:, step], state)
        return state


def build():
    auto = torch.export.Dim.AUTO
    return Recurrent(), (torch.ones(2, 4, 3),), {}, {"x": {0: auto, 1: auto}}
