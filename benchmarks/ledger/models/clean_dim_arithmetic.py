"""Nothing wrong: negative dimensions, ranks and counts of elements of dynamic inputs."""

import torch


class Flat(torch.nn.Module):
    def forward(self, x):
        last = x.dim() - 1
        count = x.numel() / x.shape[last]
        mean = x.sum(dim=tuple(range(last))) / count
        return mean, x.transpose(-1, -2).contiguous().flatten(-2)


def build():
    auto = torch.export.Dim.AUTO
    return Flat(), (torch.ones(3, 4, 5),), {}, {"x": {0: auto, 1: auto}}
