"""Finds the shape rules that describe what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torchdraft._synthesis.experiments.calls import Call
from torchdraft._synthesis.experiments.operator import Operator

from .expressions import Expr
from .search import find
from .shapes import (
    Edited,
    Fresh,
    Part,
    ShapeRule,
    Size,
    Slice,
    axis_arguments,
    axis_of,
    axis_terms,
    matches,
    shape_of,
    templates,
    tensor_arguments,
)
from .terms import terms

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed of one output."""

    operator: Operator
    calls: Sequence[Call]
    shapes: Sequence[Shape]
    pairs: Sequence[tuple[Call, Call, Shape, Shape]]
    """Two calls that differ in one number, or numbers that are equal, with both shapes."""
    repeats: Sequence[tuple[Shape, Shape]]
    """The shapes of two calls that differ in nothing but the data, or a float."""
    deep: bool = True
    known: dict[tuple[Any, ...], list[Expr]] = field(default_factory=dict)
    """Expressions that were found before for a position and its sizes."""

    @property
    def ranks(self) -> set[int]:
        """The ranks of the output."""
        return {len(shape) for shape in self.shapes}


def fit(evidence: Evidence, most: int = 4) -> list[ShapeRule]:
    """Rules that describe all shapes, the simplest first. The last resort has sizes that the data decides."""
    found = list(templates(evidence.operator, evidence.calls, evidence.shapes))
    if not found or min(rule.cost for rule in found) > 2:
        found += _axis_edits(evidence)
        found += _sliced(evidence)
        if not found and len(evidence.ranks) == 1:
            found += _by_dimension(evidence)
    kept = [r for r in dict.fromkeys(found) if _holds(r, evidence)]
    exact = [rule for rule in kept if not rule.fresh]
    return sorted(exact or kept, key=lambda rule: rule.cost)[:most]


def _holds(rule: ShapeRule, evidence: Evidence) -> bool:
    return all(
        matches(rule.predict(evidence.operator, call), shape)
        for call, shape in zip(evidence.calls, evidence.shapes, strict=True)
    )


def _varies(evidence: Evidence, position: int) -> bool:
    """Whether the data decides the size at a position, which may be counted from the end."""
    return any(
        len(left) == len(right) and left[position] != right[position]
        for left, right in evidence.repeats
        if -len(left) <= position < len(left)
    )


def _by_dimension(evidence: Evidence) -> list[ShapeRule]:
    """One expression for each size. Equal sizes that the data decides are one size."""
    rank = evidence.ranks.pop()
    choices = _choices(evidence, range(rank), from_the_end=False)
    return _combined(choices)


def _combined(choices: Sequence[list[Any]]) -> list[ShapeRule]:
    """The rule with the best choice at each position, and those with another choice at one position."""
    if any(not options for options in choices):
        return []
    best = [options[0] for options in choices]
    rules = [ShapeRule(tuple(best))]
    for position, options in enumerate(choices):
        rules += [ShapeRule((*best[:position], other, *best[position + 1 :])) for other in options[1:4]]
    return rules


def _choices(evidence: Evidence, positions: Iterable[int], *, from_the_end: bool) -> list[list[Any]]:
    numbers = [terms(evidence.operator, call, from_the_end=from_the_end) for call in evidence.calls]
    fresh: dict[tuple[int, ...], int] = {}
    choices: list[list[Any]] = []
    for position in positions:
        target = tuple(shape[position] for shape in evidence.shapes)
        if _varies(evidence, position):
            choices.append([Fresh(fresh.setdefault(target, len(fresh)))])
            continue
        key = (position, from_the_end, target)
        if key not in evidence.known:
            relevant = _relevant(evidence, position, from_the_end)
            evidence.known[key] = find(target, _common(numbers), relevant, deep=evidence.deep)
        exprs = evidence.known[key]
        options: list[Any] = [Size(expr, from_the_end) for expr in exprs]
        if not options and evidence.deep:
            options = [Fresh(fresh.setdefault(target, len(fresh)))]
        choices.append(options)
    return choices


def _common(numbers: Sequence[dict[str, int]]) -> dict[str, Any]:
    """The terms that all calls have, with their values."""
    if not numbers:
        return {}
    shared = [code for code in numbers[0] if all(code in other for other in numbers)]
    return {code: [each[code] for each in numbers] for code in shared}


def _relevant(evidence: Evidence, position: int, from_the_end: bool, axis: str | int | None = None) -> list[str]:
    """The terms that differ between two calls whose sizes at the position differ."""
    found: dict[str, None] = {}
    for left, right, before, after in evidence.pairs:
        if (
            len(before) != len(after)
            or not -len(before) <= position < len(before)
            or before[position] == after[position]
        ):
            continue
        one = terms(evidence.operator, left, from_the_end=from_the_end)
        other = terms(evidence.operator, right, from_the_end=from_the_end)
        if axis is not None:
            one |= axis_terms(evidence.operator, left, axis)
            other |= axis_terms(evidence.operator, right, axis)
        found |= {code: None for code in one if one[code] != other.get(code, one[code])}
    return list(found)


def _sliced(evidence: Evidence) -> Iterator[ShapeRule]:
    """The first or last dimensions of an argument (or of several, broadcast), with sizes after or before them."""
    operator, calls = evidence.operator, evidence.calls
    names = tensor_arguments(operator, calls)
    whole: list[tuple[str, ...]] = [(name,) for name in names]
    whole += [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    whole += [tuple(names)] if len(names) > 2 else []
    for arguments in whole:
        for cut in (0, 1, 2, 3):
            for tail in (True, False):
                if len(arguments) > 1 and not tail:
                    continue
                part = Slice(arguments, 0, -cut if cut else None) if tail else Slice(arguments, cut)
                yield from _with_sizes(evidence, part, tail=tail)


def _with_sizes(evidence: Evidence, part: Slice, *, tail: bool) -> Iterator[ShapeRule]:
    operator, calls = evidence.operator, evidence.calls
    if any(len(shape_of(operator, c, n)) < abs(part.stop or part.start) for c in calls for n in part.arguments):
        return
    partial = ShapeRule((part,))
    counts = set()
    for call, shape in zip(calls, evidence.shapes, strict=True):
        given = partial.predict(operator, call)
        if given is None:
            return
        count = len(shape) - len(given)
        rest = shape[: len(given)] if tail else shape[count:]
        if count < 1 or rest != given:
            return
        counts.add(count)
    if len(counts) != 1 or not any(partial.predict(operator, call) for call in calls):
        return
    count = counts.pop()
    positions = range(-count, 0) if tail else range(count)
    for rule in _combined(_choices(evidence, positions, from_the_end=tail)):
        yield ShapeRule((part, *rule.parts) if tail else (*rule.parts, part))


def _axis_edits(evidence: Evidence) -> Iterator[ShapeRule]:
    """The shape of an argument with a size replaced or inserted at the dimension that an integer argument names."""
    operator, calls = evidence.operator, evidence.calls
    for name in tensor_arguments(operator, calls):
        for axis in axis_arguments(operator, calls):
            for how in ("replace", "insert"):
                yield from _edit(evidence, name, axis, how)


def _edit(evidence: Evidence, name: str, axis: str, how: str) -> Iterator[ShapeRule]:
    operator = evidence.operator
    targets = []
    for call, shape in zip(evidence.calls, evidence.shapes, strict=True):
        given = shape_of(operator, call, name)
        place = axis_of(axis, operator, call)
        rank = len(given) + (how == "insert")
        place = place + rank if place < 0 else place
        if len(shape) != rank or not 0 <= place < rank:
            return
        kept = (*given[:place], *given[place + (how == "replace") :])
        if (*shape[:place], *shape[place + 1 :]) != kept:
            return
        targets.append(shape[place])
    if any(left != right for left, right in evidence.repeats):
        yield ShapeRule((Edited(name, axis, how, Fresh(0)),))
        return
    numbers = [terms(operator, c) | axis_terms(operator, c, axis) for c in evidence.calls]
    values = _common(numbers)
    relevant = [code for code in values if f"[{axis}]" in code or ".shape[" not in code]
    exprs: list[Expr] = find(targets, values, relevant, deep=evidence.deep)
    yield from (ShapeRule((Edited(name, axis, how, Size(expr)),)) for expr in exprs)


def parts_of(rule: ShapeRule) -> Iterator[Part]:
    """All parts, those inside of others included."""
    for part in rule.parts:
        yield part
        if isinstance(part, Edited) and part.part is not None:
            yield part.part
