"""`torch.cond` branches that read a number and use it as a size."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, count):
        def grow(x, count):
            n = count.item()
            torch._check(n >= 0)
            torch._check(n <= 4)
            return x[:n].sum() + x

        def shrink(x, count):
            return x * (count + 1).item()

        return torch.cond(x.sum() > 0, grow, shrink, (x, count))


CASE = Case(
    origin="upstream: under torch.cond, the branch not taken has no real values (pytorch #131042)",
    model=Model,
    example=Call(numbers(4).abs(), torch.tensor(2)),
    right=(Call(numbers(4, seed=1).abs(), torch.tensor(3)), Call(-numbers(4, seed=1).abs(), torch.tensor(1))),
)
