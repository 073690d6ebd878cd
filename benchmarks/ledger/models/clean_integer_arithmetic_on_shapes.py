"""Nothing wrong: halves, products and sums of dynamic sizes as sizes."""

import torch


class Halves(torch.nn.Module):
    def forward(self, x):
        rows, columns = x.shape
        half = rows // 2
        top, rest = x[:half], x[half:]
        flat = torch.cat([top.reshape(-1), rest.reshape(-1)])
        return flat.view(rows, columns), x.new_zeros(rows + columns, 2)


def build():
    auto = torch.export.Dim.AUTO
    return Halves(), (torch.ones(5, 7),), {}, {"x": {0: auto, 1: auto}}
