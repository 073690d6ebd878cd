"""Two inputs with a batch of one each, told one by one."""

import torch


class Pair(torch.nn.Module):
    def forward(self, left, right):  # expect: TD203, TD203
        return torch.cat([left, right], 1)


def build():
    batch = torch.export.Dim("batch")
    return Pair(), (torch.ones(1, 3), torch.ones(1, 2)), {}, {"left": {0: batch}, "right": {0: batch}}
