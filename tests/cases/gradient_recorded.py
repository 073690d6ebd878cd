"""Gradients in a `forward` that can only be recorded from its real run."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)
        self.norm = torch.nn.LayerNorm(4)

    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            energy = self.norm(self.lin(x).tanh()).softmax(-1).exp().norm()
            return torch.autograd.grad(energy, x)[0]


CASE = Case(
    origin="issue 10, item 10: forces of molecular models",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(3, 4, seed=1)), Call(numbers(3, 4, seed=2))),
    rung="concrete",
    baked=False,
)
