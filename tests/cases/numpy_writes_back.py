"""NumPy writes into the memory that an array shares with a tensor: what it wrote is put into the program."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        y.numpy()[0] = 9.0
        return y + 1


CASE = Case(
    origin="upstream: NumPy; promise 3",
    model=Model,
    example=Call(numbers(3)),
    other=(Call(numbers(3, seed=1)),),
    codes=frozenset({"TD103", "TD303"}),
    baked=False,
)
