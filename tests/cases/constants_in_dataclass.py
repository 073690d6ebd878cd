"""Dataclasses among the inputs with fields no program can take: members of enumerations, complex numbers, slices."""

import enum
from dataclasses import dataclass

import torch
from torch.export import Dim

from tests.cases.case import Call, Case, numbers


class Level(enum.IntEnum):
    HIGH = 4


class Mode(enum.Enum):
    MEAN = "mean"
    SUM = "sum"


@dataclass
class Options:
    """No tensor among the fields."""

    shift: int
    mode: Mode = Mode.MEAN
    level: Level = Level.HIGH
    names: tuple[str, ...] = ("a", "b")


@dataclass
class Batch:
    x: torch.Tensor
    part: object
    phase: object = 2 + 1j
    mode: Mode | None = None


@dataclass
class Registered:
    x: torch.Tensor
    mode: Mode


torch.export.register_dataclass(Registered, serialized_type_name=f"{__name__}.Registered")


class Model(torch.nn.Module):
    def forward(self, options, batch, registered):
        y = batch.x[batch.part] + options.shift * options.level + batch.phase.imag
        y = y.mean(0) if options.mode is Mode.MEAN else y.sum(0)
        return y if batch.mode is not None else y * 2, registered.x if registered.mode is Mode.SUM else -registered.x


D = Dim.DYNAMIC


def call(rows: int, mode: Mode = Mode.MEAN) -> Call:
    batch = Batch(numbers(rows, 3), slice(1, None))
    return Call(Options(1, mode=mode), batch, Registered(numbers(rows, seed=1), Mode.SUM))


CASE = Case(
    origin="pytorch#147400: a field of an input's dataclass that no program can take",
    model=Model,
    example=call(4),
    dynamic_shapes=(None, {"x": {0: D}}, {"x": {0: D}}),
    right=(call(7),),
    other=(call(4, mode=Mode.SUM),),
    codes=frozenset({"TD501"}),
)
