"""Rules for whole shapes.

A `ShapeRule` is a sequence of parts: slices of the shapes of arguments (broadcast together where there are several),
sizes that are expressions, sizes that only the data decides; or an argument's shape with one dimension changed, added
or removed, at a place that an integer argument says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.changes import is_number, is_tensor_list
from torchdraft._synthesis.experiments.operator import Operator

from .expressions import IMPOSSIBLE, Expr
from .terms import terms

FREE = -1
"""Stands in a predicted shape for a size that the data decides."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`x.shape[start:stop]`; with several arguments, the broadcast of them."""

    arguments: tuple[str, ...]
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """One size."""

    expr: Expr
    from_the_end: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """A size that the data decides. Sizes of one number are always equal."""

    number: int


@dataclass(frozen=True, slots=True)
class Edited:
    """The shape of an argument with the size at `axis` replaced, removed, or a new size inserted there."""

    argument: str
    axis: str | int
    how: str
    """`replace`, `remove` or `insert`."""
    part: Size | Fresh | None = None


Part = Slice | Size | Fresh | Edited


@dataclass(frozen=True, slots=True)
class ShapeRule:
    """A shape, as a function of the call."""

    parts: tuple[Part, ...]

    @property
    def cost(self) -> int:
        """Orders rules that describe the same calls: the simpler first."""
        return sum(map(_cost, self.parts))

    @property
    def fresh(self) -> set[int]:
        """The numbers of the sizes that the data decides."""
        parts = [p.part if isinstance(p, Edited) else p for p in self.parts]
        return {part.number for part in parts if isinstance(part, Fresh)}

    def predict(self, operator: Operator, call: Call) -> tuple[int, ...] | None:
        """The shape for a call, with `FREE` in it; None where the rule has no value."""
        try:
            sizes: list[int] = []
            for part in self.parts:
                sizes += _predicted(part, operator, call)
        except (KeyError, IndexError, ValueError):
            return None
        return None if any(size < FREE for size in sizes) else tuple(sizes)


def _cost(part: Part) -> int:
    if isinstance(part, Slice):
        return 1 + (len(part.arguments) > 1) + bool(part.start or part.stop)
    if isinstance(part, Edited):
        return 3 + (_cost(part.part) if part.part is not None else 0)
    return 2 * part.expr.size if isinstance(part, Size) else 40


def shape_of(operator: Operator, call: Call, argument: str) -> tuple[int, ...]:
    """The shape of an argument. Raises `KeyError` if it is no tensor in this call."""
    name, _, element = argument.partition("[")
    value = call.values[operator.parameters.index(name)]
    if element and isinstance(value, tuple):
        value = value[int(element[:-1])]
    if not isinstance(value, TensorSpec):
        raise KeyError(argument)
    return value.shape


def _predicted(part: Part, operator: Operator, call: Call) -> Sequence[int]:
    if isinstance(part, Slice):
        shapes = [shape_of(operator, call, name)[part.start : part.stop] for name in part.arguments]
        return shapes[0] if len(shapes) == 1 else np.broadcast_shapes(*shapes)
    if isinstance(part, Size):
        return [_number(part, operator, call)]
    if isinstance(part, Fresh):
        return [FREE]
    return _edited(part, operator, call)


def _number(part: Size, operator: Operator, call: Call) -> int:
    value = int(part.expr.value(terms(operator, call, from_the_end=part.from_the_end)))
    return value if value >= 0 else IMPOSSIBLE


def _edited(part: Edited, operator: Operator, call: Call) -> Sequence[int]:
    shape = list(shape_of(operator, call, part.argument))
    axis = axis_of(part.axis, operator, call)
    if part.how == "remove":
        if not -len(shape) <= axis < len(shape):
            raise IndexError
        del shape[axis]
        return shape
    if part.how == "insert":
        axis = axis + len(shape) + 1 if axis < 0 else axis
        shape.insert(axis, 0)
    inserted = part.part
    numbers = terms(operator, call)
    if isinstance(inserted, Size):
        value = int(inserted.expr.value(numbers | axis_terms(operator, call, part.axis)))
        shape[axis] = value if value >= 0 else IMPOSSIBLE
    else:
        shape[axis] = FREE
    return shape


def axis_of(axis: str | int, operator: Operator, call: Call) -> int:
    """The dimension that an integer argument names."""
    return axis if isinstance(axis, int) else int(call.values[operator.parameters.index(axis)])


def axis_terms(operator: Operator, call: Call, axis: str | int) -> dict[str, int]:
    """The sizes of the arguments in the dimension `axis`."""
    position = axis_of(axis, operator, call)
    found = {}
    for name, value in zip(operator.parameters, call.values, strict=True):
        if isinstance(value, TensorSpec) and -len(value.shape) <= position < len(value.shape):
            found[f"{name}.shape[{axis}]"] = value.shape[position]
        elif is_tensor_list(value) and all(
            isinstance(t, TensorSpec) and -len(t.shape) <= position < len(t.shape) for t in value
        ):
            found[f"sum(t.shape[{axis}] for t in {name})"] = sum(t.shape[position] for t in value)
            found[f"{name}[0].shape[{axis}]"] = value[0].shape[position]
    return found


def tensor_arguments(operator: Operator, calls: Sequence[Call]) -> list[str]:
    """The tensor arguments that all calls have; of a list of tensors, its first."""
    found = []
    for position, name in enumerate(operator.parameters):
        values = [call.values[position] for call in calls]
        if all(isinstance(value, TensorSpec) for value in values):
            found.append(name)
        elif all(is_tensor_list(value) and isinstance(value[0], TensorSpec) for value in values):
            found.append(f"{name}[0]")
    return found


def axis_arguments(operator: Operator, calls: Sequence[Call]) -> list[str]:
    """The integer arguments that may name a dimension: in all calls, one that a tensor of the call has."""
    found = []
    for position, name in enumerate(operator.parameters):
        values = [call.values[position] for call in calls]
        if all(map(is_number, values)) and len(set(values)) > 1:
            deepest = [max((len(t.shape) for t in call.tensors()), default=0) for call in calls]
            if all(-d - 1 <= v <= d for v, d in zip(values, deepest, strict=True)):
                found.append(name)
    return found


Fit = Callable[[Sequence[int], Sequence[dict[str, int]]], Any]
"""Finds a `Size` or `Fresh` for the sizes of one position, given the terms of each call."""


def templates(operator: Operator, calls: Sequence[Call], shapes: Sequence[tuple[int, ...]]) -> Iterator[ShapeRule]:
    """The rules without expressions that describe all the shapes."""
    names = tensor_arguments(operator, calls)
    whole: list[tuple[str, ...]] = [(name,) for name in names]
    whole += [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    whole += [tuple(names)] if len(names) > 2 else []
    for arguments in whole:
        yield from _fitting(ShapeRule((Slice(arguments),)), operator, calls, shapes)
    for name in names:
        axes: tuple[str | int, ...] = (*axis_arguments(operator, calls), -1, 0, 1, -2)
        for axis in axes:
            yield from _fitting(ShapeRule((Edited(name, axis, "remove"),)), operator, calls, shapes)
    for left in names:
        for right in names:
            for cut in (0, 1, 2):
                for end in (None, -1, -2):
                    if left != right:
                        rule = ShapeRule((Slice((left,), 0, end), Slice((right,), cut)))
                        yield from _fitting(rule, operator, calls, shapes)


def _fitting(
    rule: ShapeRule, operator: Operator, calls: Sequence[Call], shapes: Sequence[tuple[int, ...]]
) -> Iterator[ShapeRule]:
    if all(matches(rule.predict(operator, call), shape) for call, shape in zip(calls, shapes, strict=True)):
        yield rule


def matches(predicted: tuple[int, ...] | None, shape: tuple[int, ...]) -> bool:
    """Whether a shape is as predicted."""
    if predicted is None or len(predicted) != len(shape):
        return False
    return all(p in (FREE, s) for p, s in zip(predicted, shape, strict=True))
