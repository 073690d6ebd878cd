"""A scheduler's NumPy table looked up at a step."""

import numpy as np
import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.sigmas = torch.linspace(0.1, 1.0, 8)

    def forward(self, x, step):
        sigmas = np.asarray(self.sigmas)
        at = int(np.interp(step.numpy(), np.arange(8), np.arange(8)))
        return x * float(sigmas[at])


CASE = Case(
    origin="upstream: NumPy in schedulers (Euler, DPM-Solver)",
    model=Model,
    example=Call(numbers(3), torch.tensor(2.0)),
    right=(Call(numbers(3, seed=1), torch.tensor(2.0)),),
    other=(Call(numbers(3), torch.tensor(5.0)),),
    codes=frozenset({"TD103"}),
)
