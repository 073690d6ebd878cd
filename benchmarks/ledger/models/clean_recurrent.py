"""Nothing wrong: an LSTM and its last state."""

import torch


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True)

    def forward(self, x):
        out, (hidden, _) = self.lstm(x)
        return torch.cat([out.amax(1), hidden[-1]], 1)


def build():
    return Reader(), (torch.ones(2, 5, 3),)
