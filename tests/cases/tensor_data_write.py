"""`tensor.data` assigned, and written through."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        y.data = y.data.reshape(2, -1) + 1
        z = x.clone()
        z.data.mul_(3)
        z.data[0] = 7.0
        return y.sum(0), z


CASE = Case(
    origin="upstream: tensor.data writes",
    model=Model,
    example=Call(numbers(4)),
    right=(Call(numbers(4, seed=1)),),
)
