"""A model that returns a container with nothing in it."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        return {"boxes": [], "name": "none"} if x.shape[0] < 4 else [x]


CASE = Case(
    origin="promise 1: a program that can be saved",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
)
