"""A loop that runs as often as a tensor says."""

import torch


class Repeat(torch.nn.Module):
    def forward(self, x, count):
        rows = [x * index for index in range(count.item())]  # expect: TD102
        return torch.stack(rows)


def build():
    return Repeat(), (torch.ones(2), torch.tensor(3))
