"""Dataclasses in and out."""

from dataclasses import dataclass

import torch

from tests.cases.case import Call, Case, numbers


@dataclass
class Sample:
    image: object
    scale: float = 2.0


@dataclass
class Result:
    mean: object
    best: object


class Model(torch.nn.Module):
    def forward(self, sample):
        scaled = sample.image * sample.scale
        return Result(scaled.mean(), scaled.max(-1).values)


CASE = Case(
    origin="upstream: unregistered input or output classes",
    model=Model,
    example=Call(Sample(numbers(2, 3))),
    right=(Call(Sample(numbers(2, 3, seed=1))),),
    codes=frozenset({"TD501", "TD502"}),
)
