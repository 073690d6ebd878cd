"""`torch.equal` decides."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y):
        if torch.equal(x, y):
            return x * 2
        return x - y


CASE = Case(
    origin="upstream: torch.equal in a branch (GPyTorch)",
    model=Model,
    example=Call(numbers(3), numbers(3)),
    right=(Call(torch.ones(3), torch.ones(3)),),
    other=(Call(torch.ones(3), torch.zeros(3)),),
    codes=frozenset({"TD101"}),
)
