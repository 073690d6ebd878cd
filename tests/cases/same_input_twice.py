"""One tensor given as two inputs."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y):
        return x + y * 2


SAME = numbers(3)
CASE = Case(
    origin="engine item 5: aliased inputs and outputs",
    model=Model,
    example=Call(SAME, SAME),
    right=(Call(numbers(3, seed=1), numbers(3, seed=2)),),
)
