"""An input of a wrapper subclass, which `forward` writes to, returns, and branches on."""

import torch

from tests.cases.case import Call, Case, numbers
from tests.wrappers import Pair


def pair(seed):
    return Pair(Pair(numbers(3, 2, seed=seed).abs(), numbers(3, 2, seed=seed + 1)), numbers(3, 2, seed=seed + 2))


class Model(torch.nn.Module):
    def forward(self, x, y):
        x.mul_(2)
        if (x + 1).left.left.sum() > 0:
            return x + 1, x.right + y
        return x - 1, x.right - y


CASE = Case(
    origin="promise 2: right on the example",
    model=Model,
    example=Call(pair(0), numbers(3, 2)),
    right=(Call(pair(1), numbers(3, 2, seed=2)),),
    other=(Call(pair(1) * -100, numbers(3, 2, seed=2)),),
    codes=frozenset({"TD101", "TD401"}),
)
