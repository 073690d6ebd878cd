"""Gradients in `forward` through layers under autocast, and dropout with a fixed draw."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)

    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                y = self.lin(self.lin(x).tanh())
            energy = torch.nn.functional.dropout(y.float().exp(), 0.0, training=True).sum()
            return torch.autograd.grad(energy, x)[0]


CASE = Case(
    origin="issue 10, item 10: forces of molecular models",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(3, 4, seed=1)), Call(numbers(5, 4, seed=2))),
    dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    baked=False,
)
