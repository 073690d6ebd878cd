"""Buffers that no state dict holds."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("angles", torch.arange(3.0), persistent=False)
        self.register_buffer("kept", torch.ones(3))

    def forward(self, x):
        if self.angles[1] > 0:
            return x * self.angles.cos() + self.kept
        return x


CASE = Case(
    origin="engine item 5: non-persistent buffers",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
)
