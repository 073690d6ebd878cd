"""Python numbers of every entry, in a comprehension."""

import torch


class Ragged(torch.nn.Module):
    def forward(self, x, lengths):
        rows = [row[: int(length)].mean() for row, length in zip(x, lengths, strict=True)]  # expect: TD102 x3
        return torch.stack(rows)


def build():
    return Ragged(), (torch.ones(3, 6), torch.tensor([3, 5, 4]))
