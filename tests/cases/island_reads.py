"""A recorded module that reads data and makes tables of its own: its constants are no computation from elsewhere."""

import numpy as np
import torch

from tests.cases.case import Call, Case, numbers

TABLE = torch.tensor([2.0, 3.0, 4.0])


class Plain(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        weights = torch.from_numpy(np.linspace(0, 1, 3, dtype=np.float32))
        scale = 2.0 if x[0] > 0 else 3.0
        return x * TABLE + weights * scale + torch.tensor([1.0, 2.0, 3.0])


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = Plain()

    def forward(self, x):
        return self.plain(x.abs()) * 2


CASE = Case(
    origin="engine item 4: islands",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
    other=(Call(torch.zeros(3)),),
    rung="island",
    codes=frozenset({"TD101", "TD901"}),
    baked=False,
)
