"""Inputs that are no tensors and no plain values: the program is made for those of the example."""

import datetime
import enum

import numpy
import torch

from tests.cases.case import Call, Case, numbers


class Mode(enum.Enum):
    SUM = 1
    MEAN = 2


class Scale:
    def __call__(self, x):
        return x * 2


class Model(torch.nn.Module):
    def forward(self, x, dtype, activation, mode, part, *, table, options):
        made = options["scale"](activation(x.to(dtype))[part]) + torch.from_numpy(table)
        made = made * options["date"].day * options["number"].imag + len(options["names"])
        return made.sum() if mode is Mode.SUM else made.mean()


def call(seed: int, mode: Mode = Mode.SUM, dtype: torch.dtype = torch.float64) -> Call:
    options = {"scale": Scale(), "date": datetime.date(2020, 1, 3), "number": 2j, "names": {"a", "b"}}
    table = numpy.arange(3, dtype=numpy.float32)
    return Call(numbers(4, seed=seed), dtype, torch.relu, mode, slice(1, 4), table=table, options=options)


CASE = Case(
    origin="promise 1: a graph for every model that runs",
    model=Model,
    example=call(0),
    right=(call(1),),
    other=(call(0, mode=Mode.MEAN), call(0, dtype=torch.float32)),
    codes=frozenset({"TD501"}),
)
