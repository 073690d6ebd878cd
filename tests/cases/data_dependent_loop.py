"""A loop that runs until the data says stop."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        steps = 0
        while x.abs().max() > 1 and steps < 10:
            x = x / 2
            steps += 1
        return x, steps


CASE = Case(
    origin="engine item 2",
    model=Model,
    example=Call(torch.tensor([3.0, -5.0])),
    right=(Call(torch.tensor([4.5, -7.0])),),
    other=(Call(torch.tensor([0.5, 0.1])), Call(torch.tensor([40.0, 0.1]))),
    codes=frozenset({"TD101"}),
)
