"""Every way of taking one number out of a tensor, as sizes, indices, factors and text."""

import operator

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, n):
        a = x * int(n)
        b = x * float(n)
        c = x[operator.index(n) :]
        d = range(int(n))
        e = x * complex(n).real
        f = [1, 2, 3][n]
        g = x * (2 if bool(n) else 3)
        return a + b, c, x * len(d), e, x * f, g, x * n.tolist()


CASE = Case(
    origin="engine item 3: item, tolist, bool, int, float, __index__",
    model=Model,
    example=Call(numbers(3), torch.tensor(2)),
    right=(Call(numbers(3, seed=1), torch.tensor(2)),),
    other=(Call(numbers(3), torch.tensor(1)), Call(numbers(3), torch.tensor(0))),
)
