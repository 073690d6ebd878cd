"""Rounded numbers that are returned."""

import math

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        level = x.sum().item()
        return round(level), x * 2, math.floor(level), math.ceil(level)


CASE = Case(
    origin="promise 2: the signature has to follow a node that is spelled in other words",
    model=Model,
    example=Call(numbers(4)),
    right=tuple(Call(numbers(4, seed=seed)) for seed in range(1, 4)),
)
