"""Floored and ceiled numbers as sizes."""

import math

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        total = x.sum().item()
        a = torch.ones(math.ceil(total))
        b = torch.ones(math.floor(total))
        return a.sum() + b.sum() + x


CASE = Case(
    origin="engine item 3: int(float_tensor) used as a size",
    model=Model,
    example=Call(torch.tensor([1.2, 2.4])),
    right=(Call(torch.tensor([1.1, 2.3])),),
    other=(
        Call(torch.tensor([1.2, 2.5])),
        Call(torch.tensor([1.4, 2.5])),
        Call(torch.tensor([2.0, 2.0])),
        Call(torch.tensor([9.0, 2.0])),
    ),
)
