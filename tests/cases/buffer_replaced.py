"""A buffer assigned anew, and a counter buffer moved in place."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.count += 1
        self.mean = self.mean * 0.9 + x * 0.1
        return x - self.mean, self.count * 2


CASE = Case(
    origin="engine item 5: buffers that change",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
)
