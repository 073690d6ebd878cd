"""Dynamic shapes given as a `ShapesCollection`."""

import torch


class Weighted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.ones(3))

    def forward(self, parts):
        return parts["left"] * self.weights + parts["right"].mean(0)  # expect: TD202


def build():
    left, right = torch.ones(3), torch.ones(5, 3)
    shapes = torch.export.ShapesCollection()
    shapes[left] = (torch.export.Dim.AUTO,)
    shapes[right] = (torch.export.Dim.AUTO, None)
    return Weighted(), ({"left": left, "right": right},), {}, shapes
