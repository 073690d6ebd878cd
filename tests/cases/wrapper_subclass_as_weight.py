"""Weights and buffers of wrapper subclasses: quantized ones, and wrappers around wrappers. A branch reads one."""

import torch
from torch.export import Dim

from tests.cases.case import Call, Case, numbers
from tests.wrappers import Pair, Quantized


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        weight = Quantized.of(numbers(4, 4, seed=1))
        self.linear.weight = torch.nn.Parameter(weight, requires_grad=False)
        self.tied = self.linear.weight
        self.pair = torch.nn.Parameter(Pair(Pair(numbers(4), numbers(4, seed=2)), Pair(numbers(4), numbers(4, seed=3))))
        self.register_buffer("shift", Pair(numbers(4, seed=4), numbers(4, seed=5)))

    def forward(self, x):
        y = self.linear(x) + (self.pair * 2).right.left + (self.shift + 1).left
        y = y + torch.nn.functional.linear(x, self.tied)
        return y * 2 if y.sum() > 100 else y - 1


CASE = Case(
    origin="quantized weights, as torchao has them",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(5, 4, seed=6)),),
    other=(Call(numbers(5, 4, seed=6) * 1000),),
    dynamic_shapes={"x": {0: Dim.AUTO}},
    codes=frozenset({"TD101"}),
)
