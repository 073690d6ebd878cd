"""Regions that return nothing: what they write, they write in their own grad mode and dtype."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.eye(3))

    def forward(self, x):
        with torch.no_grad():
            self.weight[1:].clamp_(max=0.5)
        out = torch.zeros(2, 3)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out.copy_(x @ self.weight)
        return out


CASE = Case(
    origin="promise 2: a region without results was dissolved, and its writes left the grad mode",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
)
