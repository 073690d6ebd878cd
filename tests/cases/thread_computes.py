"""A part of the computation runs in a thread."""

from concurrent.futures import ThreadPoolExecutor

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(3, 3)

    def forward(self, x):
        with ThreadPoolExecutor(1) as pool:
            side = pool.submit(torch.tanh, x * 2).result()
        return self.lin(x) + side


CASE = Case(
    origin="upstream: threads",
    model=Model,
    example=Call(numbers(2, 3)),
    other=(Call(numbers(2, 3, seed=1)),),
    rung="concrete",
)
