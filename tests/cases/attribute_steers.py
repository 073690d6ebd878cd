"""A counter kept in an attribute changes what the next call returns."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 1

    def forward(self, x):
        self.calls += 1
        return x * self.calls


CASE = Case(
    origin="upstream: a module attribute assigned in forward is dropped silently",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
    codes=frozenset({"TD402"}),
)
