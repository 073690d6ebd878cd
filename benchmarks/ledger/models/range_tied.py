"""Two inputs declared with dimensions of their own have to agree: one assumption about two names."""

import torch


class Residual(torch.nn.Module):
    def forward(self, x, y):
        x = torch.relu(x)
        return x + y  # expect: TD201


def build():
    shapes = {"x": {0: torch.export.Dim("left")}, "y": {0: torch.export.Dim("right")}}
    return Residual(), (torch.ones(4, 3), torch.ones(4, 3)), {}, shapes
