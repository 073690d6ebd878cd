"""`module.to(dtype)` that changes nothing, as routers do to be sure."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.router = torch.nn.Linear(3, 2)

    def forward(self, x):
        self.router.to(x.dtype)
        return self.router(x).softmax(-1)


CASE = Case(
    origin="upstream: module.to(dtype) in forward, Couldn't swap (Switch Transformers)",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)), Call(numbers(5, 3))),
    dynamic_shapes={"x": {0: torch.export.Dim.AUTO}},
    rung="island",
)
