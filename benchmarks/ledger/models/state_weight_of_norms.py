"""A weight that is worked out of two others in each call, as torch's own norms do it."""

import torch


class Normed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.direction = torch.nn.Parameter(torch.rand(3, 3) + 1)
        self.size = torch.nn.Parameter(torch.ones(3, 1))
        self.weight = torch.ones(3, 3)

    def forward(self, x):
        self.weight = self.direction * (self.size / self.direction.norm(dim=1, keepdim=True))  # expect: TD402 note
        return torch.nn.functional.linear(x, self.weight)


def build():
    return Normed(), (torch.ones(2, 3),)
