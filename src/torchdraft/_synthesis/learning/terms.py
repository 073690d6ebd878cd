"""The numbers of a call that an output may depend on, each with the Python code that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.changes import is_number, is_tensor_list
from torchdraft._synthesis.experiments.operator import Operator


def terms(operator: Operator, call: Call, *, from_the_end: bool = False) -> dict[str, int]:
    """Code → number. `from_the_end`: sizes are read by negative indices, which tensors of several ranks share."""
    return _cached(operator, call, from_the_end)


@lru_cache(maxsize=1 << 14)
def _cached(operator: Operator, call: Call, from_the_end: bool) -> dict[str, int]:
    return dict(_terms(operator, call, from_the_end))


def _terms(operator: Operator, call: Call, from_the_end: bool) -> Iterator[tuple[str, int]]:
    for name, value in zip(operator.parameters, call.values, strict=True):
        if isinstance(value, TensorSpec):
            yield from _of_tensor(name, value, from_the_end)
        elif is_number(value):
            yield name, value
        elif is_tensor_list(value) and all(isinstance(item, TensorSpec) for item in value):
            yield from _of_list(name, value, from_the_end)
        elif isinstance(value, tuple):
            yield from ((f"{name}[{i}]", item) for i, item in enumerate(value) if is_number(item))


def _indices(rank: int, from_the_end: bool) -> range:
    return range(-rank, 0) if from_the_end else range(rank)


def _of_tensor(name: str, spec: TensorSpec, from_the_end: bool) -> Iterator[tuple[str, int]]:
    for dim in _indices(len(spec.shape), from_the_end):
        yield f"{name}.shape[{dim}]", spec.shape[dim]
    yield f"{name}.dim()", len(spec.shape)


def _of_list(name: str, value: tuple[TensorSpec, ...], from_the_end: bool) -> Iterator[tuple[str, int]]:
    yield f"len({name})", len(value)
    rank = min(len(spec.shape) for spec in value)
    for dim in _indices(rank, from_the_end):
        yield f"{name}[0].shape[{dim}]", value[0].shape[dim]
    for dim in _indices(rank, from_the_end):
        yield f"sum(t.shape[{dim}] for t in {name})", sum(spec.shape[dim] for spec in value)
        yield f"max(t.shape[{dim}] for t in {name})", max(spec.shape[dim] for spec in value)
