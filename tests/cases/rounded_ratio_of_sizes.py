"""A ratio of sizes, rounded to some digits: Python rounds the exact value, and halves to even."""

import torch
from torch.export import Dim

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        ratio = x.shape[0] / x.shape[1]
        return x * round(ratio, 2), x.new_ones(1, dtype=torch.float64) * round(-ratio, 1)


CASE = Case(
    origin="round(size_ratio, 2) could not be saved",
    model=Model,
    example=Call(numbers(4, 3)),
    dynamic_shapes=({0: Dim.DYNAMIC, 1: Dim.DYNAMIC},),
    right=tuple(Call(numbers(*shape)) for shape in [(7, 3), (36, 80), (156, 80), (997, 40), (5, 200), (1, 8), (5, 2)]),
    baked=False,
)
