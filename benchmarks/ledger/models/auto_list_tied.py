"""Tensors of a list put side by side: their rows have to be as many."""

import torch


class Joined(torch.nn.Module):
    def forward(self, parts):
        return torch.cat(parts, 1)  # expect: TD202


def build():
    auto = torch.export.Dim.AUTO
    return Joined(), ([torch.rand(6, 4), torch.rand(6, 2)],), {}, {"parts": [{0: auto}, {0: auto}]}
