"""Gradients in `forward` through operators that save their results for the backward pass."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)
        self.norm = torch.nn.LayerNorm(4)
        self.heads = torch.nn.MultiheadAttention(4, 2)

    def energy(self, x):
        h = self.norm(torch.tanh(self.lin(x)))
        h = self.heads(h, h, h)[0].softmax(-1) + torch.relu(x).exp()
        distances = (x[:, None] - x[None] + 1e-3).norm(dim=-1)
        return (h.sigmoid() * (h * h + 1).sqrt()).sum() + distances.std()

    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            force = torch.autograd.grad(self.energy(x), x)[0]
            stiffness = torch.autograd.grad(torch.tanh(self.lin(x)).norm(), x, create_graph=True)[0]
            stiffness = torch.autograd.grad(stiffness.pow(2).sum(), x)[0]
        return -force, stiffness


CASE = Case(
    origin="issue 10, item 10: forces of molecular models",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(3, 4, seed=1)), Call(numbers(5, 4, seed=2)), Call(numbers(9, 4, seed=3))),
    dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    baked=False,
)
