"""A `torch.cond` branch reads a number and branches on it: the example's path, under a guard."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        def grow(x):
            return x * 2 if x[0] > 0 else x * 3

        def shrink(x):
            return x * 5 if x[0] > 0 else x * 7

        return torch.cond(x.sum() > 0, grow, shrink, (x,))


CASE = Case(
    origin="upstream: under torch.cond, the branch not taken has no real values (pytorch #131042)",
    model=Model,
    example=Call(torch.tensor([1.0, 2.0])),
    right=(Call(torch.tensor([4.0, 2.0])),),
    other=(
        Call(torch.tensor([-1.0, 2.0])),
        Call(torch.tensor([-1.0, -2.0])),
        Call(torch.tensor([1.0, -2.0])),
    ),
)
