"""Comparing storage offsets of fake and real tensors fixed the dynamic dimension."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        a, b, c = x.unbind(0)
        return a + b * c


CASE = Case(
    origin="upstream: its check of fake against real makes guards",
    model=Model,
    example=Call(numbers(3, 5)),
    right=(Call(numbers(3, 8)), Call(numbers(3, 2))),
    dynamic_shapes={"x": {1: torch.export.Dim("n")}},
)
