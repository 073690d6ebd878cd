"""Nothing wrong: a parameter kept in range in place, which the graph does too."""

import torch


class Bounded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor([0.5, 3.0]))

    def forward(self, x):
        with torch.no_grad():
            self.scale.clamp_(max=1.0)
        return x * self.scale


def build():
    return Bounded(), (torch.ones(2),)
