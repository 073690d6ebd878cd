"""The absolute value of a number read from a tensor."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        count, level = (x > 0).sum().item() - 3, x.min().item()
        return x / (1 + abs(count)), abs(count), x * abs(level)


CASE = Case(
    origin="promise 2: `abs` of a symbol can't be written to a file",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)), Call(numbers(2, 3).abs()), Call(-numbers(2, 3).abs())),
)
