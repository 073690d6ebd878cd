"""A random number is read: nothing but the same draw may pass."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        torch.rand(5)
        if torch.rand(()) > 0.5:
            return x * 2
        return x * 3


CASE = Case(
    origin="engine item 2: random ops, private random state",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
    tags=frozenset({"random"}),
    codes=frozenset({"TD101"}),
)
