"""A parameter's real value is the parameter's: upstream reads uninitialised memory and slices by it."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([5.0, 1.0, 3.0, 2.0]))

    def forward(self, x):
        return x[: int(self.w[2].item())] * self.w[0]


CASE = Case(
    origin="upstream: parameters are uninitialised memory",
    model=Model,
    example=Call(numbers(6)),
    right=(Call(numbers(6, seed=1)),),
)
