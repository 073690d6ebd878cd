"""A table computed in the first call and kept by its size: every call of the program makes it anew."""

import torch


class Rotary(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = {}

    def table(self, length):
        if length not in self.tables:
            self.tables[length] = torch.arange(length).float().cos()  # expect: TD402 note
        return self.tables[length]

    def forward(self, x):
        return x * self.table(x.shape[1])


def build():
    return Rotary(), (torch.ones(2, 5),)
