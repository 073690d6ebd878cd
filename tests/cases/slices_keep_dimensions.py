"""Views at offsets that depend on a dynamic dimension."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        half = x.shape[0] // 2
        return x[:half].sum() - x[half:, 1:].sum() + x.transpose(0, 1)[1].sum()


CASE = Case(
    origin="upstream: its check of fake against real makes guards",
    model=Model,
    example=Call(numbers(6, 5)),
    right=(Call(numbers(9, 4)), Call(numbers(4, 7))),
    dynamic_shapes={"x": {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}},
)
