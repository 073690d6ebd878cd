"""The attention map is left on the layer that made it, for plots."""

import torch


class Attention(torch.nn.Module):
    def forward(self, x):
        weights = torch.softmax(x @ x.transpose(1, 2), -1)
        self.last = weights.detach()  # expect: TD402
        return weights @ x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()

    def forward(self, x):
        return self.attention(x) + x


def build():
    return Net(), (torch.ones(1, 3, 2),)
