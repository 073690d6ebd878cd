"""One line that asks for both sizes of an input: two assumptions."""

import torch


class Limited(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 3 and x.shape[1] > 4:  # expect: TD202, TD202
            return x * 2
        return x


def build():
    auto = torch.export.Dim.AUTO
    return Limited(), (torch.rand(4, 6),), {}, {"x": {0: auto, 1: auto}}
