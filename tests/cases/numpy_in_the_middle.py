"""NumPy computes on the data between two layers."""

import numpy as np
import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(3, 3)
        self.b = torch.nn.Linear(3, 3)

    def forward(self, x):
        x = self.a(x)
        shifted = np.cumsum(x.detach().numpy(), axis=-1)
        return self.b(x + torch.from_numpy(shifted))


CASE = Case(
    origin="upstream: NumPy in schedulers (Euler, DPM-Solver)",
    model=Model,
    example=Call(numbers(2, 3)),
    other=(Call(numbers(2, 3, seed=1)), Call(torch.zeros(2, 3))),
    codes=frozenset({"TD103"}),
)
