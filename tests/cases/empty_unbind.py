"""An operation that returns no tensor at all, for want of rows."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        for point in torch.tensor([]):
            x = x + point
        return x * 2 + sum(x[:0].unbind(0), start=torch.zeros(3))


CASE = Case(
    origin="an adaptive solver without points to step to",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    baked=False,
)
