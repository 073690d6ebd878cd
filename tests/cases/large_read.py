"""A read too large for a list of values is asserted against a stored constant."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        return x * float(x.numpy().mean())


CASE = Case(
    origin="engine item 3: a larger array is asserted against a stored constant",
    model=Model,
    example=Call(numbers(500)),
    other=(Call(numbers(500, seed=1)),),
    codes=frozenset({"TD103"}),
)
