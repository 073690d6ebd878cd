"""The assumption is made in a submodule, about an input of the whole."""

import torch


class Attention(torch.nn.Module):
    def forward(self, x):
        length = x.shape[1]
        if length > 64:  # expect: TD201
            x = x[:, -64:]
        return torch.softmax(x @ x.transpose(1, 2), -1) @ x


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.norm = torch.nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(x + self.attention(x))


def build():
    return Encoder(), (torch.ones(2, 5, 4),), {}, {"x": {1: torch.export.Dim("length", min=2)}}
