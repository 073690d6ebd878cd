"""Sizes that data decides, one of which is 1 and stretched to the other."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x, y):
        few, many = y[y > 5], x[x > 0]
        both = many * 1
        both += few
        return many * few, torch.maximum(few, many), both, few.nonzero()[:1, 0] - many


X = torch.tensor([1.0, 2.0, -1.0, 3.0])
Y = torch.tensor([-1.0, 2.0, 6.0, 1.0])
CASE = Case(
    origin="promise 2: upstream takes a size from data for another than 1, and asserts that the two are equal",
    model=Model,
    example=Call(X, Y),
    right=(Call(-X, Y), Call(X + 5, Y), Call(X, torch.tensor([9.0, 0.0, 7.0, 8.0]))),
    other=(Call(X, torch.tensor([9.0, 0.0, 7.0, 0.0])),),
)
