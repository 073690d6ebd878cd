"""`torch.func` transforms of inputs of any size: they leave lists of sizes in the graph."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x, v):
        value, slope = torch.func.jvp(lambda y: self.layer(y).sin(), (x,), (v,))
        pulled = torch.func.vjp(lambda y: self.layer(y).sin(), x)[1](v)[0]
        jacobian = torch.func.vmap(torch.func.jacrev(self.layer))(x)
        return value, slope, pulled, jacobian


CASE = Case(
    origin="promise 1: a program that can be saved",
    model=Model,
    example=Call(numbers(3, 2), numbers(3, 2, seed=1)),
    right=(Call(numbers(3, 2, seed=2), numbers(3, 2, seed=3)),),
    other=(Call(numbers(5, 2), numbers(5, 2, seed=1)),),
    dynamic_shapes={"x": {0: torch.export.Dim.AUTO}, "v": {0: torch.export.Dim.AUTO}},
    baked=False,
)
