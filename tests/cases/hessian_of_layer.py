"""The Hessian of a linear layer: fake tensors can't follow it, and its recording holds zeros that have no memory."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x):
        return torch.func.vmap(torch.func.hessian(lambda y: self.layer(y).sin().sum()))(x)


CASE = Case(
    origin="promise 1: a graph, always",
    model=Model,
    example=Call(numbers(3, 2)),
    right=(Call(numbers(3, 2, seed=1)),),
    codes=frozenset({"TD901"}),
    rung="concrete",
)
