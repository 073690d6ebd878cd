"""A branch that is not taken because data gives a size of 0 or 1: two must raise, not take the same path."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        found = x[x > 1]
        if found.shape[0] > 1:
            return x + found.sum()
        kinds = torch.unique(x)
        if kinds.shape[0] * 2 > 3:
            return x * 2
        return x


CASE = Case(
    origin="promise 3",
    model=Model,
    example=Call(torch.tensor([1.0, 1.0, 1.0])),
    right=(Call(torch.tensor([0.5, 0.5, 0.5])),),
    other=(
        Call(torch.tensor([3.0, 3.0, 1.0])),
        Call(torch.tensor([0.0, 1.0, 1.0])),
        Call(torch.tensor([2.0, 2.0, 2.0])),
    ),
    codes=frozenset({"TD101"}),
    baked=False,
)
