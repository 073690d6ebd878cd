"""A submodule that raises and is caught: upstream ends in "Unexpected key" or keeps the failing ops."""

import torch

from tests.cases.case import Call, Case, numbers


class Picky(torch.nn.Module):
    def forward(self, x):
        if x.shape[-1] != 4:
            raise ValueError("four columns, please")
        return (x * 2).reshape(5, 5)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.picky = Picky()
        self.plain = torch.nn.Linear(3, 3)

    def forward(self, x):
        out = self.plain(x)
        for padded in (x, torch.nn.functional.pad(x, (0, 1))):
            try:
                return self.picky(padded)
            except (ValueError, RuntimeError):
                out = out + 1
        return out


CASE = Case(
    origin="upstream: a failing op inside try/except stays in the graph and raises at run time",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
)
