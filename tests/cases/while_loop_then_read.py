"""`while_loop` whose result is read."""

import torch
from torch._higher_order_ops.while_loop import while_loop

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, n, x):
        def going(n, x):
            return n > 0

        def step(n, x):
            return n - 1, x * 2

        n, x = while_loop(going, step, (n, x))
        return x + 1 if x.sum() > 4 else x


CASE = Case(
    origin="engine item 2: while_loop",
    model=Model,
    example=Call(torch.tensor(3), torch.ones(2)),
    right=(Call(torch.tensor(5), torch.ones(2)),),
    other=(Call(torch.tensor(0), torch.ones(2)),),
    codes=frozenset({"TD101"}),
)
