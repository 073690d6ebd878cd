"""The model writes its output into a tensor that the caller gave in a list."""

import torch


class Collect(torch.nn.Module):
    def forward(self, x, outputs):
        y = x * 2
        outputs[0].copy_(y)  # expect: TD401
        return y + outputs[1]


def build():
    return Collect(), (torch.ones(3), [torch.zeros(3), torch.ones(3)])
