"""Rules for the dtype of an output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.changes import is_tensor_list
from torchdraft._synthesis.experiments.operator import Operator


@dataclass(frozen=True, slots=True)
class DtypeRule:
    """A dtype, as a function of the call."""

    kind: str
    """`constant`, `same`, `promoted`, `argument` or `table`."""
    arguments: tuple[str, ...] = ()
    dtype: torch.dtype | None = None
    then: str = ""
    """What is made of it: `float` (the default dtype for integers), `long` (int64 for integers), `real`, `float32` (at
    least that), `number` (int64 for bool)."""
    table: tuple[tuple[tuple[torch.dtype, ...], torch.dtype], ...] = ()

    def predict(self, operator: Operator, call: Call) -> torch.dtype | None:
        """The dtype for a call; None where the rule has none."""
        found = self._before(operator, call)
        if found is None or not self.then:
            return found
        if self.then == "real":
            return found.to_real()
        if self.then == "float32":
            return torch.promote_types(found, torch.float32)
        if self.then == "number":
            return torch.int64 if found is torch.bool else found
        whole = not (found.is_floating_point or found.is_complex)
        return (torch.get_default_dtype() if self.then == "float" else torch.int64) if whole else found

    def _before(self, operator: Operator, call: Call) -> torch.dtype | None:
        if self.kind == "constant":
            return self.dtype
        values: list[Any] = [_value(operator, call, name) for name in self.arguments]
        if self.kind == "argument":
            return values[0] if isinstance(values[0], torch.dtype) else None
        if self.kind == "table":
            key = tuple(v.dtype for v in values if isinstance(v, TensorSpec))
            return dict(self.table).get(key)
        if not all(isinstance(v, (TensorSpec, int, float)) for v in values):
            return None
        return values[0].dtype if self.kind == "same" else _promoted(values)


def _value(operator: Operator, call: Call, name: str) -> object:
    base, _, element = name.partition("[")
    value = call.values[operator.parameters.index(base)]
    return value[0] if element and isinstance(value, tuple) and value else value


def _promoted(values: Sequence[object]) -> torch.dtype:
    given = [torch.empty([1] * len(v.shape), dtype=v.dtype) if isinstance(v, TensorSpec) else v for v in values]
    result = torch.result_type(given[0], given[1])
    for value in given[2:]:
        result = torch.promote_types(result, torch.result_type(value, value))
    return result


def fit_dtype(operator: Operator, calls: Sequence[Call], dtypes: Sequence[torch.dtype]) -> DtypeRule | None:
    """The first rule that describes all dtypes."""
    for rule in _candidates(operator, calls, dtypes):
        if all(rule.predict(operator, call) == dtype for call, dtype in zip(calls, dtypes, strict=True)):
            return rule
    return None


def _candidates(operator: Operator, calls: Sequence[Call], dtypes: Sequence[torch.dtype]) -> Iterator[DtypeRule]:
    tensors, numbers, others = [], [], []
    for position, name in enumerate(operator.parameters):
        values = [call.values[position] for call in calls]
        if all(isinstance(v, TensorSpec) for v in values):
            tensors.append(name)
        elif all(is_tensor_list(v) and isinstance(v[0], TensorSpec) for v in values):
            tensors.append(f"{name}[0]")
        elif all(isinstance(v, torch.dtype) for v in values):
            others.append(name)
        elif all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
            numbers.append(name)
    yield from (DtypeRule("argument", (name,)) for name in others)
    given = {_dtypes(operator, call, tensors) for call in calls}
    if not tensors or len(set(dtypes)) == 1 < len(given):
        yield DtypeRule("constant", dtype=dtypes[0])
    for then in ("", "float", "long", "real", "float32", "number"):
        yield from (DtypeRule("same", (name,), then=then) for name in tensors)
        pairs: list[tuple[str, ...]] = [*combinations(tensors, 2)]
        pairs += [(tensor, number) for tensor in tensors for number in numbers]
        pairs += [tuple(tensors)] if len(tensors) > 2 else []
        yield from (DtypeRule("promoted", pair, then=then) for pair in pairs)
    if len(set(dtypes)) == 1:
        yield DtypeRule("constant", dtype=dtypes[0])
    for names in [(t,) for t in tensors] + [tuple(tensors)]:
        table = {_dtypes(operator, call, names): dtype for call, dtype in zip(calls, dtypes, strict=True)}
        yield DtypeRule("table", tuple(names), table=tuple(sorted(table.items(), key=str)))


def _dtypes(operator: Operator, call: Call, names: Sequence[str]) -> tuple[torch.dtype, ...]:
    values = (_value(operator, call, name) for name in names)
    return tuple(v.dtype for v in values if isinstance(v, TensorSpec))
