"""Nothing wrong: two inputs share a dimension by name, given as tuples; a third is static."""

import torch


class Weighted(torch.nn.Module):
    def forward(self, x, weights, bias):
        return (x * weights[:, None]).sum(0) + bias


def build():
    batch = torch.export.Dim("batch", min=2, max=128)
    shapes = ((batch, None), (batch,), (torch.export.Dim.STATIC,))
    return Weighted(), (torch.ones(4, 3), torch.ones(4), torch.ones(3)), {}, shapes
