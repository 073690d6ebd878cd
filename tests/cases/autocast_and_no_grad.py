"""Reads inside autocast and no_grad regions."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.lin(x)
            large = y.sum() > 100
        with torch.no_grad():
            if not large and x.max().item() < 50:
                y = y.float() * 2
        return y


CASE = Case(
    origin="engine item 2: autocast and no_grad regions",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    other=(Call(numbers(2, 3) * 60),),
)
