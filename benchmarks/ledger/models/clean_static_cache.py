"""Nothing wrong: keys written into a buffer at a position, in place."""

import torch


class Cached(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.zeros(2, 6, 4))

    def forward(self, x, position):
        self.keys.index_copy_(1, position, x)
        return torch.softmax(x @ self.keys.transpose(1, 2), -1) @ self.keys


def build():
    return Cached(), (torch.ones(2, 1, 4), torch.tensor([3]))
