"""Inputs that share memory, one written to."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, pair):
        whole, half = pair
        out = whole * 2
        if half.sum() > 0:
            out = out + 1
        return out + whole.sum(), half


WHOLE = torch.arange(1.0, 5.0)
ZERO = torch.zeros(4)
CASE = Case(
    origin="engine item 5: aliased inputs and outputs",
    model=Model,
    example=Call([WHOLE, WHOLE[:2]]),
    right=(Call([WHOLE * 2, WHOLE[1:3]]),),
    other=(Call([ZERO, ZERO[:2]]),),
)
