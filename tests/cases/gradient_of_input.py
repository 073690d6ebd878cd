"""A gradient by an input, in a module that no fake tensor may enter: autograd hands out saved copies of it."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            (slope,) = torch.autograd.grad((x * x * x).sum(), x)
        return slope.detach()


CASE = Case(
    origin="engine item 2: torch.autograd.grad in forward",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
    rung="concrete",
)
