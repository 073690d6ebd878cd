"""A named tuple as the only input: pytree flattens it, and cannot save it before it is registered."""

from collections import namedtuple

import torch
from torch.export import Dim

from tests.cases.case import Call, Case, numbers

Pair = namedtuple("Pair", "a b")


class Model(torch.nn.Module):
    def forward(self, p):
        return p.a.sum() + p.b * 2


CASE = Case(
    origin="pytorch#116544: dynamic_shapes in the input's own named tuple",
    model=Model,
    example=Call(Pair(numbers(4, 2), numbers(5, 2))),
    dynamic_shapes={"p": Pair({0: Dim.DYNAMIC}, {0: Dim.DYNAMIC})},
    right=(Call(Pair(numbers(7, 2), numbers(3, 2))),),
)
