"""Nothing wrong: branches that use tensors and layers from around them."""

import torch


class Route(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fast = torch.nn.Linear(3, 3)
        self.slow = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh())

    def forward(self, x):
        bias = x.mean()
        return torch.cond(x.sum() > 0, lambda x: self.fast(x) + bias, lambda x: self.slow(x) - bias, (x,))


def build():
    return Route(), (torch.ones(2, 3),)
