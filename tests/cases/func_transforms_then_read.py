"""`torch.func.grad` and `vmap`, and a branch on what they give."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        slope = torch.func.grad(lambda t: (t * t).sum())(x)
        rows = torch.func.vmap(lambda t: t * 2)(x)
        if slope.sum() > 0:
            return slope + rows
        return rows


CASE = Case(
    origin="engine item 2: torch.func transforms",
    model=Model,
    example=Call(torch.ones(3)),
    right=(Call(numbers(3).abs()),),
    other=(Call(-torch.ones(3)),),
    codes=frozenset({"TD101"}),
)
