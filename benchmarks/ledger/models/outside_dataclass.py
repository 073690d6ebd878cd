"""Statistics in a global object of a data class: a count and a list."""

from dataclasses import dataclass, field

import torch


@dataclass
class Statistics:
    seen: int = 0
    sums: list = field(default_factory=list)


STATISTICS = Statistics()


class Counted(torch.nn.Module):
    def forward(self, x):
        STATISTICS.seen += 1  # expect: TD403
        STATISTICS.sums.append(x.sum())  # expect: TD403
        return x * 2


def build():
    return Counted(), (torch.ones(3),)
