"""An integer input left to the tracer."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, n):
        return x[:n] * n


CASE = Case(
    origin="engine item 5: int inputs",
    model=Model,
    example=Call(numbers(9), 4),
    right=(Call(numbers(9, seed=1), 4),),
    other=(Call(numbers(9), 6),),
)
