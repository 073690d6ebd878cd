"""Finds the rules of all outputs of calls that have the same structure, or structures that are described together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.changes import is_tensor_list
from torchdraft._synthesis.experiments.observed import ListOut, Observed, TensorOut
from torchdraft._synthesis.experiments.operator import Operator

from .dtypes import fit_dtype
from .expressions import Expr
from .fit_shapes import Evidence, fit, parts_of
from .layouts import fit_layout, stand_in
from .outputs import ListRule, NumberRule, OutputRule, Result, TensorRule, ViewRule
from .search import find
from .shapes import FREE, Fresh, ShapeRule, shape_of, tensor_arguments
from .terms import terms

Output = Callable[[Observed], Any]
"""Reads one output of what was observed."""

MOST_CALLS = 160


class NotLearned(Exception):
    """No rule describes an output. The text says which, and what was seen of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Calls and their outputs."""

    operator: Operator
    trials: dict[Call, Observed]
    pairs: Sequence[tuple[Call, Call]]
    repeats: Sequence[tuple[Call, Call]]
    floats: Sequence[tuple[Call, Call]] = ()
    deep: bool = True
    first: tuple[Call, ...] = ()
    """Calls to learn from in any case."""

    @property
    def some(self) -> list[Call]:
        """Enough calls to learn from, the same ones each time; rules are checked on all."""
        calls = list(self.trials)
        if len(calls) <= MOST_CALLS:
            return calls
        others = random.Random(0).sample(calls[20:], MOST_CALLS - 20 - len(self.first))
        return list(dict.fromkeys((*self.first, *calls[:20], *others)))


def fit_result(seen: Seen) -> tuple[Result, list[Result]]:
    """The rules of all outputs, and results that describe the calls as well. Raises `NotLearned`."""
    kinds = {(len(o.outputs), o.single) for o in seen.trials.values()}
    if len(kinds) != 1:
        raise NotLearned("the number of outputs differs")
    count, single = kinds.pop()
    fitted = [_output(seen, partial(_at, i), f"output {i}") for i in range(count)]
    best = Result(tuple(options[0] for options in fitted), single)
    if not all(best.agrees(seen.operator, c, o.outputs, o.single) for c, o in seen.trials.items()):
        return _fit_again(seen, best)
    others = [
        replace(best, outputs=(*best.outputs[:i], other, *best.outputs[i + 1 :]))
        for i, options in enumerate(fitted)
        for other in options[1:]
    ]
    return best, others


def _fit_again(seen: Seen, wrong: Result) -> tuple[Result, list[Result]]:
    """Learns from the calls as well that the rules do not describe."""
    missed = [c for c, o in seen.trials.items() if not wrong.agrees(seen.operator, c, o.outputs, o.single)]
    if seen.first or len(seen.trials) <= MOST_CALLS:
        raise NotLearned(f"no rule describes {len(missed)} of {len(seen.trials)} calls")
    return fit_result(replace(seen, first=tuple(missed[:40])))


def _at(index: int, seen: Observed) -> Any:
    return seen.outputs[index]


def _item_at(read: Output, index: int, seen: Observed) -> Any:
    return read(seen).items[index]


def _output(seen: Seen, read: Output, what: str) -> list[Any]:
    outputs = [read(o) for o in seen.trials.values()]
    kinds = {type(out) for out in outputs}
    if kinds == {TensorOut}:
        return _tensor(seen, read, what)
    if kinds == {ListOut}:
        return [_list(seen, read, what)]
    if TensorOut in kinds or ListOut in kinds or len(kinds) > 1:
        raise NotLearned(f"{what} is of different kinds: {', '.join(sorted(k.__name__ for k in kinds))}")
    return [_number(seen, read, what)]


def _number(seen: Seen, read: Output, what: str) -> NumberRule:
    calls = list(seen.trials)
    values = [read(seen.trials[call]) for call in calls]
    pairs = (*seen.repeats, *seen.floats)
    varies = any(read(seen.trials[a]) != read(seen.trials[b]) for a, b in pairs)
    if all(value == values[0] for value in values) and not varies:
        return NumberRule(values[0])
    if type(values[0]) is not int:
        raise NotLearned(f"{what} is a {type(values[0]).__name__} that differs from call to call")
    if not varies:
        numbers = [terms(seen.operator, call) for call in calls]
        shared = {code: [n[code] for n in numbers] for code in numbers[0] if all(code in n for n in numbers)}
        for expr in find(values, shared, list(shared)):
            return NumberRule(expr=expr)
    return NumberRule(fresh="int")


def _tensor(seen: Seen, read: Output, what: str) -> list[OutputRule]:
    shares = {read(o).shares for o in seen.trials.values()}
    if shares != {()}:
        return [_view(seen, read, what)]
    calls = seen.some
    outputs = [read(seen.trials[call]) for call in calls]
    if {out.layout for out in outputs} != {"torch.strided"}:
        raise NotLearned(f"{what} is sparse")
    shapes = fit(_evidence(seen, read, calls))
    if not shapes:
        raise NotLearned(f"the shape of {what}")
    everywhere = list(seen.trials)
    dtype = fit_dtype(seen.operator, everywhere, [read(seen.trials[c]).dtype for c in everywhere])
    if dtype is None:
        raise NotLearned(f"the dtype of {what}")
    layout = fit_layout(seen.operator, everywhere, [read(seen.trials[c]) for c in everywhere])
    if layout is None:
        raise NotLearned(f"the strides of {what}")
    device = _device(seen, calls, outputs)
    return [TensorRule(shape, dtype, layout, device, _unknown(seen, read, shape)) for shape in shapes]


def _evidence(seen: Seen, read: Output, calls: list[Call]) -> Evidence:
    def shape(call: Call) -> tuple[int, ...]:
        found: tuple[int, ...] = read(seen.trials[call]).shape
        return found

    return Evidence(
        seen.operator,
        calls,
        [shape(call) for call in calls],
        [(a, b, shape(a), shape(b)) for a, b in seen.pairs],
        [(shape(a), shape(b)) for a, b in (*seen.repeats, *seen.floats)],
        seen.deep,
    )


def _unknown(seen: Seen, read: Output, rule: ShapeRule) -> tuple[int, ...]:
    """The fresh sizes that did not vary with the data: their relation to the inputs was not found."""
    varying = set()
    for left, right in seen.repeats:
        predicted = rule.predict(seen.operator, left)
        one, other = read(seen.trials[left]).shape, read(seen.trials[right]).shape
        if predicted is not None and len(one) == len(other) == len(predicted):
            places = [i for i, size in enumerate(predicted) if size == FREE]
            fresh = [p.number for p in _fresh_parts(rule)]
            varying |= {n for n, i in zip(fresh, places, strict=False) if one[i] != other[i]}
    return tuple(sorted(rule.fresh - varying))


def _fresh_parts(rule: ShapeRule) -> list[Fresh]:
    return [part for part in parts_of(rule) if isinstance(part, Fresh)]


def _device(seen: Seen, calls: Sequence[Call], outputs: Sequence[TensorOut]) -> str:
    for name in tensor_arguments(seen.operator, calls):
        if all(_spec(seen.operator, c, name).device == out.device for c, out in zip(calls, outputs, strict=True)):
            return name
    return f"device={outputs[0].device!r}"


def _spec(operator: Operator, call: Call, name: str) -> TensorSpec:
    base, _, element = name.partition("[")
    value = call.values[operator.parameters.index(base)]
    spec = value[0] if element else value
    assert isinstance(spec, TensorSpec)
    return spec


def _view(seen: Seen, read: Output, what: str) -> ViewRule:
    operator = seen.operator
    calls = list(seen.trials)
    outputs = [read(seen.trials[call]) for call in calls]
    common = set.intersection(*(set(out.shares) for out in outputs))
    if not common:
        raise NotLearned(f"{what} shares memory with an argument in some calls only")
    position = min(common)
    name = _tensor_name(operator, calls[0], position)
    if all(out.same for out in outputs):
        return ViewRule(name, position)
    shapes = fit(_evidence(seen, read, calls))
    strides = _strides(operator, calls, outputs, name)
    if not shapes or strides is None:
        raise NotLearned(f"how {what} is a view of {name}")
    return ViewRule(name, position, shapes[0], strides[:-1], strides[-1])


def _strides(
    operator: Operator, calls: Sequence[Call], outputs: Sequence[TensorOut], name: str
) -> tuple[Expr, ...] | None:
    """The strides and the offset, in terms of the argument's."""
    ranks = {len(out.shape) for out in outputs} | {len(shape_of(operator, c, name)) for c in calls}
    if len({len(out.shape) for out in outputs}) > 1 or len(ranks) > 2:
        return None
    numbers = []
    for call in calls:
        given = stand_in(operator, call, name)
        own = {f"{name}.stride({d})": s for d, s in enumerate(given.stride())}
        numbers.append(own | terms(operator, call))
    values = {code: [n[code] for n in numbers] for code in numbers[0] if all(code in n for n in numbers)}
    found = []
    targets = [[out.strides[d] for out in outputs] for d in range(len(outputs[0].shape))]
    for target in (*targets, [out.offset for out in outputs]):
        exprs = find(target, values, [code for code in values if ".stride(" in code])
        if not exprs:
            return None
        found.append(exprs[0])
    return tuple(found)


def _tensor_name(operator: Operator, call: Call, position: int) -> str:
    names: list[str] = []
    for name, value in zip(operator.parameters, call.values, strict=True):
        if isinstance(value, TensorSpec):
            names.append(name)
        elif is_tensor_list(value):
            names += [f"{name}[{i}]" for i, item in enumerate(value) if isinstance(item, TensorSpec)]
    return names[position]


def _list(seen: Seen, read: Output, what: str) -> ListRule:
    counts = {len(read(o).items) for o in seen.trials.values()}
    if len(counts) == 1:
        items = [_output(seen, partial(_item_at, read, i), f"{what}[{i}]")[0] for i in range(counts.pop())]
        return ListRule(tuple(items))
    lists = [
        name
        for position, name in enumerate(seen.operator.parameters)
        if all(
            is_tensor_list(c.values[position]) and len(c.values[position]) == len(read(o).items)
            for c, o in seen.trials.items()
        )
    ]
    for name in lists:
        rule = ListRule((_output(seen, lambda o: read(o).items[0], f"{what}[0]")[0],), each_of=name)
        if all(rule.agrees(seen.operator, call, read(o)) for call, o in seen.trials.items()):
            return rule
    raise NotLearned(f"{what} is a list whose length depends on the call")
