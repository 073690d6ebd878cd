"""Nothing wrong: floats computed from dynamic sizes as factors."""

import torch


class Attention(torch.nn.Module):
    def forward(self, query, key):
        scale = query.shape[-1] ** -0.5
        share = 1.0 / key.shape[1]
        scores = query @ key.transpose(1, 2) * scale
        return scores.softmax(-1) * (1 - share) + share / (key.shape[1] + 0.5)


def build():
    auto = torch.export.Dim.AUTO
    shapes = {"query": {1: auto}, "key": {1: auto}}
    return Attention(), (torch.ones(2, 3, 4), torch.ones(2, 5, 4)), {}, shapes
