"""Python iterates over a tensor, unpacks it and asks whether something is in it."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, ids):
        total = x.new_zeros(())
        for row in x:
            total = total + row.sum()
        first, *rest = x
        if 3 in ids:
            total = total * 2
        return total, first + sum(rest), [int(i) for i in ids]


CASE = Case(
    origin="engine item 3: iteration",
    model=Model,
    example=Call(numbers(3, 2), torch.tensor([1, 3])),
    right=(Call(numbers(3, 2, seed=1), torch.tensor([1, 3])),),
    other=(Call(numbers(3, 2), torch.tensor([1, 2])), Call(numbers(3, 2), torch.tensor([3, 1]))),
)
