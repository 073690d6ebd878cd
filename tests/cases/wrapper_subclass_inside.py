"""Wrapper subclasses that are neither inputs nor weights: plain attributes, one in a list, one made in `forward`."""

import torch
from torch.export import Dim

from tests.cases.case import Call, Case, numbers
from tests.wrappers import Pair, Quantized


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.quantized = Quantized.of(numbers(4, 4))
        self.pairs = [Pair(numbers(4, seed=1), numbers(4, seed=2))]
        self.weight = torch.nn.Parameter(Pair(numbers(4, seed=3), numbers(4, seed=4)))

    def forward(self, x):
        made = Pair(x, x * 3) + self.pairs[0]
        made.mul_(2)
        both = torch.nn.functional.linear(made, self.quantized)
        return both.left + both.right * (self.pairs[0] + self.weight).left


CASE = Case(
    origin="promise 1: a graph for every model that runs",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(5, 4, seed=6)),),
    dynamic_shapes={"x": {0: Dim.AUTO}},
)
