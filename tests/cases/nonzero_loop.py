"""Python walks over the rows of `nonzero()`."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, mask, x):
        out = torch.zeros_like(x)
        for row in mask.nonzero():
            out[row[0]] += x[row[0]] * 2
        return out


CASE = Case(
    origin="upstream: iteration over nonzero()",
    model=Model,
    example=Call(torch.tensor([True, False, True]), numbers(3)),
    right=(Call(torch.tensor([True, False, True]), numbers(3, seed=1)),),
    other=(
        Call(torch.tensor([True, True, False]), numbers(3)),
        Call(torch.tensor([True, True, True]), numbers(3)),
        Call(torch.tensor([False] * 3), numbers(3)),
    ),
)
