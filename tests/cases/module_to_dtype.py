"""A submodule moved to another dtype inside `forward`."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.router = torch.nn.Linear(3, 2)
        self.out = torch.nn.Linear(2, 2)

    def forward(self, x):
        self.router.to(torch.float64)
        return self.out(self.router(x.to(torch.float64)).softmax(-1).to(x.dtype))


CASE = Case(
    origin="upstream: module.to(dtype) in forward, Couldn't swap (Switch Transformers)",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    rung="concrete",
)
