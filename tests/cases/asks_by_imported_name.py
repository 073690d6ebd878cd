"""The model asks whether it is traced, with a function that it imported by name, and computes something else then."""

import torch
from torch.compiler import is_compiling

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        y = x * 3 if is_compiling() else x * 2
        return y + 1 if torch.compiler.is_exporting() else y


CASE = Case(
    origin="issue 10, item 18",
    model=Model,
    example=Call(numbers(2, 6)),
    right=(Call(numbers(5, 6, seed=1)),),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    baked=False,
)
