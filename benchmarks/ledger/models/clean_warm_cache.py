"""Nothing wrong: a table that an earlier call made is only read."""

import torch


class Rotary(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = {}

    def table(self, length):
        if length not in self.tables:
            self.tables[length] = torch.arange(length).float().cos()
        return self.tables[length]

    def forward(self, x):
        return x * self.table(x.shape[1])


def build():
    model = Rotary()
    model(torch.ones(1, 5))
    return model, (torch.ones(2, 5),)
