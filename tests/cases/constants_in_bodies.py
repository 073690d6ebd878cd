"""Tensors that are made in the bodies of control flow operators: branches, nested branches, loops, maps."""

import torch
from torch._higher_order_ops.map import map as map_rows
from torch._higher_order_ops.while_loop import while_loop

from tests.cases.case import Call, Case, numbers


def inner(x):
    return torch.cond(x.sum() > 0, lambda v: v * torch.tensor([2.0, 3.0, 4.0]), lambda v: v - torch.tensor(1.5), (x,))


class Model(torch.nn.Module):
    def forward(self, x, flag, n):
        made = torch.cond(
            flag.any(), lambda v: inner(v + torch.tensor([1.0, 2.0, 3.0])), lambda v: v.sin() * torch.tensor(0.5), (x,)
        )
        _, looped = while_loop(
            lambda i, v: i > torch.tensor(0), lambda i, v: (i - 1, v * torch.tensor([1.0, 2.0, 1.0])), (n, x)
        )
        rows = map_rows(lambda row: row + torch.tensor([0.0, 5.0]), x.reshape(3, 1).expand(3, 2))
        return made, looped, rows


CASE = Case(
    origin="pytorch#158366: a tensor made inside a branch of torch.cond",
    model=Model,
    example=Call(numbers(3), torch.tensor([True]), torch.tensor(2)),
    right=(
        Call(numbers(3, seed=1), torch.tensor([False]), torch.tensor(3)),
        Call(-numbers(3).abs(), torch.tensor([True]), torch.tensor(0)),
    ),
)
