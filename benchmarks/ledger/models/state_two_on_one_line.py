"""Keeps the hidden state of a cell: two attributes assigned on one line."""

import torch


class Streaming(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.LSTMCell(3, 4)
        self.hidden = torch.zeros(2, 4)
        self.memory = torch.zeros(2, 4)

    def forward(self, x):
        self.hidden, self.memory = self.cell(x, (self.hidden, self.memory))  # expect: TD402, TD402
        return self.hidden


def build():
    return Streaming(), (torch.ones(2, 3),)
