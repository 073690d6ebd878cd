"""Branches of `torch.cond` ask whether they are exported or compiled."""

import torch
from torch.compiler import is_exporting

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        def positive(x):
            return x.sin() - 1 if torch.compiler.is_exporting() else x.cos() + 1

        def negative(x):
            y = x.sin() + 1 if is_exporting() else x.cos() - 1
            return y * 2 if torch.compiler.is_compiling() else y + y

        return torch.cond(x.sum() > 0, positive, negative, (x,))


CASE = Case(
    origin="issue 10, item 18",
    model=Model,
    example=Call(numbers(2, 6)),
    right=(Call(numbers(2, 6).abs()), Call(-numbers(5, 6, seed=1).abs()), Call(numbers(4, 6, seed=1).abs())),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    baked=False,
)
