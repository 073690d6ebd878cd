"""torch's own generators, seeded in forward: one made on the spot, the default one, and dropout under it."""

import torch


class Noise(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = torch.nn.Dropout(0.3)

    def forward(self, x):
        noise = torch.randn(4, generator=torch.Generator().manual_seed(0))  # expect: TD405
        torch.manual_seed(1)
        x = x + noise * torch.rand_like(x)  # expect: TD405
        return self.dropout(x)  # expect: TD405


def build():
    return Noise(), (torch.ones(2, 4),)
