"""A buffer that is a view of another: a write to one is seen through the other."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("whole", torch.zeros(4))
        self.register_buffer("part", self.whole[:2])

    def forward(self, x):
        self.part.add_(x)
        return self.whole.sum() + self.part


CASE = Case(
    origin="engine item 5: tied and aliased parameters",
    model=Model,
    example=Call(numbers(2)),
    right=(Call(numbers(2, seed=1)),),
)
