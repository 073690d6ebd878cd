"""The same failing attempt in every turn."""

import torch


class Blocks(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        for _ in range(3):
            try:
                total = total + x.reshape(2, 2).det()  # expect: TD601 x3
            except RuntimeError:
                total = total + 1
        return total


def build():
    return Blocks(), (torch.ones(5),)
