"""A TorchScript function that reads data."""

import warnings

import torch

from tests.cases.case import Call, Case

with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    @torch.jit.script
    def clipped(x: torch.Tensor) -> torch.Tensor:
        if bool(x.max() > 1):
            return x.clamp(max=1.0)
        return x * 2


class Model(torch.nn.Module):
    def forward(self, x):
        return clipped(x) + 1


CASE = Case(
    origin="engine item 2: TorchScript functions",
    model=Model,
    example=Call(torch.tensor([3.0, 0.5])),
    right=(Call(torch.tensor([2.0, 0.1])),),
    other=(Call(torch.tensor([0.2, 0.1])),),
)
