"""`module.to(dtype)` that changes nothing, as routers do to be sure."""

import torch

from tests.cases.case import Call, Case, numbers


class Router(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(3, 2)

    def forward(self, x):
        self.gate.to(x.dtype)
        return self.gate(x).softmax(-1)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.router = Router()
        self.out = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.router(x) * self.out(x)


CASE = Case(
    origin="upstream: module.to(dtype) in forward, Couldn't swap (Switch Transformers)",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)), Call(numbers(5, 3))),
    dynamic_shapes={"x": {0: torch.export.Dim.AUTO}},
)
