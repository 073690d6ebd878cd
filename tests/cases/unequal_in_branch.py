"""`torch.equal` is false because of the shapes, then because of the data."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y):
        if torch.equal(x, y.reshape(-1)) or x.equal(y[0]):
            return x * 2
        return x - y.sum()


CASE = Case(
    origin="upstream: torch.equal in a branch (GPyTorch)",
    model=Model,
    example=Call(numbers(3), numbers(2, 3, seed=1)),
    right=(Call(numbers(3, seed=4), numbers(2, 3, seed=1)),),
    other=(Call(torch.ones(3), torch.ones(2, 3)),),
)
