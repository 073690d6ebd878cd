"""A cache given by the caller gets the new keys and values, in a submodule, each on its line."""

import torch


class Attention(torch.nn.Module):
    def forward(self, x, keys, values, position):
        keys[:, position] = x[:, None]  # expect: TD401
        values[:, position] = x[:, None] * 2  # expect: TD401
        return torch.softmax(x[:, None] @ keys.transpose(1, 2), -1) @ values


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()

    def forward(self, x, keys, values, position):
        return self.attention(x, keys, values, position)[:, 0]


def build():
    return Decoder(), (torch.ones(2, 4), torch.zeros(2, 6, 4), torch.zeros(2, 6, 4), torch.tensor([3]))
