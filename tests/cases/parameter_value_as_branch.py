"""A branch on a trained parameter."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.25))

    def forward(self, x):
        return x * self.scale if self.scale > 0 else -x


CASE = Case(
    origin="upstream: parameters are uninitialised memory",
    model=Model,
    example=Call(numbers(4)),
    right=(Call(numbers(4, seed=1)),),
    codes=frozenset({"TD101"}),
)
