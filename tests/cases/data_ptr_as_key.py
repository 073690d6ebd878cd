"""`data_ptr` tells tensors apart: nothing can be asserted of an address."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y):
        seen = {x.data_ptr(): 1.0, y.data_ptr(): 2.0}
        return x * len(seen)


CASE = Case(
    origin="upstream: data_ptr",
    model=Model,
    example=Call(numbers(3), numbers(3, seed=1)),
    right=(Call(numbers(3, seed=2), numbers(3, seed=1)),),
    codes=frozenset({"TD103"}),
)
