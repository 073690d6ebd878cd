"""A loop over the rows of what is not there."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        total = x.sum() * 0
        for place in (x > 9).nonzero():
            total = total + x[place]
        return total


CASE = Case(
    origin="promise 2: an operation that returns an empty list can't be loaded",
    model=Model,
    example=Call(numbers(4)),
    right=(Call(numbers(4, seed=1)),),
    other=(Call(numbers(4) + 10),),
)
