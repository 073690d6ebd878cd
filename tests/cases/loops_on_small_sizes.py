"""`while_loop`, `map` and `cond` on a dynamic size: Dynamo evaluates guards of its own that it is 2 or more."""

import torch
from torch._higher_order_ops.map import map as map_rows
from torch._higher_order_ops.while_loop import while_loop
from torch.export import Dim

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, n, x):
        _, doubled = while_loop(lambda i, v: i > 0, lambda i, v: (i - 1, v * 2), (n, x))
        moved = map_rows(lambda row: row + 1, x)
        return doubled, moved, torch.cond(n > 2, lambda v: v.sin(), lambda v: v.cos(), (x,))


CASE = Case(
    origin="pytorch#174013: loops on a dynamic dimension, at size 1",
    model=Model,
    example=Call(torch.tensor(3), numbers(2, 3)),
    dynamic_shapes=({}, {0: Dim("rows", min=1)}),
    right=(Call(torch.tensor(3), numbers(1, 3)), Call(torch.tensor(0), numbers(5, 3))),
)
