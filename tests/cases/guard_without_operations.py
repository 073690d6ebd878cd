"""A guard on a size in a model that makes no operation on the example's way: nothing but assertions is in the graph."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y):
        first = x * 3 if x.shape[0] == 1 else x
        return first, y * 3 if y.shape[0] % 2 == 0 else y


CASE = Case(
    origin="promise 3: a branch not taken",
    model=Model,
    example=Call(numbers(5), numbers(7)),
    right=(Call(numbers(6), numbers(3)),),
    other=(Call(numbers(1), numbers(7)), Call(numbers(5), numbers(6)), Call(numbers(1), numbers(4))),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}, "y": {0: torch.export.Dim.DYNAMIC}},
    codes=frozenset({"TD202"}),
)
