"""A replay buffer written at a position kept as a number, wrapped around at its end."""

import torch


class Replay(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("states", torch.zeros(4, 3))
        self.position = 2

    def forward(self, state):
        self.states[self.position] = state
        self.position = (self.position + 1) % 4  # expect: TD402
        return self.states.mean(0)


def build():
    return Replay(), (torch.ones(3),)
