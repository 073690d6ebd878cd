"""Tensors that are made to look at other memory (`set_`): what is then written shows there."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y, z):
        copy = x.clone()
        copy.set_(x.detach())
        copy.neg_()
        part = torch.empty(0)
        part.set_(y, 1, (2, 2), (1, 1))
        part[1].mul_(3)
        if copy.sum() + part.sum() > 1000:
            return copy, part, x, y, z
        z.set_(x * 2)
        z.add_(1)
        return copy + 1, part, x, y, z


CASE = Case(
    origin="fuzzer: the example's input was written to",
    model=Model,
    example=Call(numbers(2, 3), numbers(2, 4), numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1), numbers(2, 4, seed=1), numbers(2, 3, seed=2)),),
    other=(Call(numbers(2, 3) * -100_000, numbers(2, 4), numbers(2, 3)),),
    codes=frozenset({"TD101", "TD401"}),
)
