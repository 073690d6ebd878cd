"""Objects of unregistered classes that remember sizes: symbols in their attributes are outputs of the program."""

import collections
from dataclasses import dataclass

import torch

from tests.cases.case import Call, Case, numbers

Span = collections.namedtuple("Span", "start stop")


@dataclass
class Window:
    span: Span
    tokens: torch.Tensor
    name: str = "window"


class Cache:
    def __init__(self, keys):
        self.keys = keys
        self.seen = keys.shape[0]
        self.shape = keys.shape
        self.by_name = {"twice": keys.shape[0] * 2}
        self.long = keys.shape[0] > 3


class Model(torch.nn.Module):
    def forward(self, x):
        normal = torch.distributions.Normal(x, 1.0, validate_args=False)
        return Cache(x * 2), normal, Window(Span(0, x.shape[0]), x)


CASE = Case(
    origin="promise 3: an attribute that holds a size of the input",
    model=Model,
    example=Call(numbers(3, 2)),
    right=(Call(numbers(5, 2, seed=1)), Call(numbers(2, 2, seed=2))),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    codes=frozenset({"TD502"}),
    baked=False,
)
