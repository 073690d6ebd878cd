"""An example without rows, beside one of a usual size."""

import torch


class Append(torch.nn.Module):
    def forward(self, past, new):  # expect: TD203
        return torch.cat([past, new])


def build():
    auto = torch.export.Dim.AUTO
    return Append(), (torch.ones(0, 3), torch.ones(4, 3)), {}, {"past": {0: auto}, "new": {0: auto}}
