"""A count computed in floats."""

import torch


class Sparsify(torch.nn.Module):
    def forward(self, x):
        keep = int(x.abs().sum().item()) + 1  # expect: TD102
        return torch.zeros(keep) + x[0]


def build():
    return Sparsify(), (torch.tensor([1.5, 1.0]),)
