"""`forward` assigns attributes: lost, and reported."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.last = None

    def forward(self, x):
        self.calls += 1
        self.last = x * 2
        self.fresh = [x]
        return x + 1


CASE = Case(
    origin="upstream: a module attribute assigned in forward is dropped silently",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
    codes=frozenset({"TD402"}),
)
