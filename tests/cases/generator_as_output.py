"""A generator as the output: the program returns what it would yield."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        return (x * n for n in range(3))


CASE = Case(
    origin="upstream: generators",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
)
