"""A buffer that has no tensor until the first call: a table of positions, made anew in every call of the program."""

import torch


class Slopes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("slopes", torch.tensor([0.5, 0.25]))
        self.register_buffer("bias", None, persistent=False)

    def forward(self, x):
        if self.bias is None or self.bias.shape[-1] < x.shape[-1]:
            positions = torch.arange(x.shape[-1])
            distance = -(positions[None] - positions[:, None]).abs() * self.slopes[:, None, None]
            self.register_buffer("bias", distance, persistent=False)  # expect: TD402 note
        return x + self.bias


def build():
    return Slopes(), (torch.ones(2, 3, 3),)
