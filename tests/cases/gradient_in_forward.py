"""`torch.autograd.grad` inside `forward`, and checkpointing."""

import torch
from torch.utils.checkpoint import checkpoint

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            energy = checkpoint(self.lin, x, use_reentrant=False).pow(2).sum()
            (force,) = torch.autograd.grad(energy, x)
        return -force.detach()


CASE = Case(
    origin="engine item 2: checkpointing, torch.autograd.grad in forward",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)), Call(numbers(5, 3, seed=2))),
    dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    baked=False,
)
