"""A flag that says the first batch was seen: the next call goes another way."""

import torch


class Normalize(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = False
        self.register_buffer("scale", torch.ones(3))

    def forward(self, x):
        if not self.seen:
            self.scale.copy_(x.abs().amax(0))
            self.seen = True  # expect: TD402
        return x / self.scale


def build():
    return Normalize(), (torch.tensor([[1.0, 2.0, 4.0], [2.0, 1.0, 3.0]]),)
