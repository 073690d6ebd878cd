"""Nothing wrong: a result whose size is data, which no Python asks for."""

import torch


class Keep(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        return kept * 2, kept.sum()


def build():
    return Keep(), (torch.tensor([1.0, -1.0, 2.0]),)
