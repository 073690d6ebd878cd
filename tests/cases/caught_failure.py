"""A failing op that the model catches leaves no node behind."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        try:
            y = x.reshape(7, 7)
        except RuntimeError:
            y = x.reshape(-1) * 2
        try:
            return y @ torch.ones(99)
        except RuntimeError:
            return y


CASE = Case(
    origin="upstream: a failing op inside try/except stays in the graph and raises at run time",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    codes=frozenset({"TD601"}),
)
