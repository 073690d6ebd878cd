"""A boolean mask written through."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        y = x.clone()
        y[y < 0] = 0.5
        y[x > 1] += x[x > 1]
        return y


CASE = Case(
    origin="upstream: PendingUnbackedSymbolNotFound after nonzero(as_tuple=True), masks and unique",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(3, 4, seed=1)), Call(torch.ones(3, 4))),
)
