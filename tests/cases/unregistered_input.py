"""Classes pytree does not know, as inputs: plain, with slots, nested."""

import torch

from tests.cases.case import Call, Case, numbers


class Box:
    def __init__(self, low, high):
        self.low = low
        self.high = high


class Point:
    __slots__ = ("label", "x")

    def __init__(self, x, label):
        self.x = x
        self.label = label


class Model(torch.nn.Module):
    def forward(self, box, points):
        return box.low.x * 2 + box.high.x + sum(p.x for p in points)


CASE = Case(
    origin="upstream: unregistered input or output classes",
    model=Model,
    example=Call(Box(Point(numbers(2), "a"), Point(numbers(2, seed=1), "b")), [Point(torch.ones(2), "c")]),
    right=(Call(Box(Point(torch.ones(2), "a"), Point(torch.ones(2), "b")), [Point(torch.zeros(2), "c")]),),
    codes=frozenset({"TD501"}),
)
