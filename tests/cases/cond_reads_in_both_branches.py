"""`torch.cond` whose branches read data: the one not taken has values too."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        def grow(x):
            return x * 2

        def shrink(x):
            return x - x.max()

        y = torch.cond(x.sum() > 0, grow, shrink, (x,))
        if y[0] > 0:
            return y + 1
        return y


CASE = Case(
    origin="upstream: under torch.cond, the branch not taken has no real values (pytorch #131042)",
    model=Model,
    example=Call(torch.tensor([1.0, 2.0])),
    right=(Call(torch.tensor([4.0, 2.0])),),
    other=(Call(torch.tensor([-1.0, -2.0])), Call(torch.tensor([-1.0, 2.0]))),
)
