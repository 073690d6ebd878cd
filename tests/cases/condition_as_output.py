"""Conditions on sizes and on data as outputs: torch has no word for them in a file."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        found = (x > 0).nonzero().shape[0]
        return x * 2, x.shape[0] > 3, found > 1, x.sum().item() > 0


CASE = Case(
    origin="promise 1: a program that can be saved",
    model=Model,
    example=Call(torch.tensor([1.0, -2.0, 3.0])),
    right=(Call(torch.tensor([1.0, -2.0, 3.0, 4.0])), Call(torch.tensor([1.0, -2.0])), Call(numbers(6))),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    baked=False,
)
