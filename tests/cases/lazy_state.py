"""A buffer made in the first call."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = None

    def forward(self, x):
        if self.table is None:
            self.table = torch.arange(8.0).cos()
        return x * self.table[: x.shape[0]]


CASE = Case(
    origin="engine item 5: lazy state made in the first call",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)), Call(numbers(5))),
    dynamic_shapes={"x": {0: torch.export.Dim.AUTO}},
    codes=frozenset({"TD402"}),
)
