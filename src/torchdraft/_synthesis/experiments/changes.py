"""Changes of calls: which numbers of a call can be changed, and calls with other numbers in their places.

An `Address` names one number of a call: a size of a tensor, a size of all tensors of a list, the length of a list of
tensors, or an integer argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from .calls import Call, TensorSpec

ALL = -1
"""The element of an address that stands for all tensors of a list."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A number of a call."""

    kind: str
    """`size`, `length` or `number`."""
    argument: int
    element: int = -2
    """The element of a list, or `ALL`; -2 where the argument is no list."""
    dim: int = 0


def is_tensor_list(value: Any) -> bool:
    """Whether an argument is a list with tensors in it."""
    return isinstance(value, tuple) and bool(value) and any(isinstance(item, TensorSpec) for item in value)


def is_number(value: Any) -> bool:
    """Whether an argument is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def addresses(call: Call) -> Iterator[Address]:
    """The numbers of a call that can be changed."""
    for index, value in enumerate(call.values):
        if isinstance(value, TensorSpec):
            yield from (Address("size", index, dim=dim) for dim in range(len(value.shape)))
        elif is_number(value):
            yield Address("number", index)
        elif is_tensor_list(value):
            yield from _of_list(index, value)
        elif isinstance(value, tuple):
            yield from (Address("number", index, element) for element, item in enumerate(value) if is_number(item))


def _of_list(index: int, value: tuple[Any, ...]) -> Iterator[Address]:
    if all(isinstance(item, TensorSpec) for item in value):
        yield Address("length", index)
    specs = [item for item in value if isinstance(item, TensorSpec)]
    if len({len(spec.shape) for spec in specs}) == 1:
        yield from (Address("size", index, ALL, dim) for dim in range(len(specs[0].shape)))
    if len(value) > 1:
        for element, spec in enumerate(value[:4]):
            if isinstance(spec, TensorSpec):
                yield from (Address("size", index, element, dim) for dim in range(len(spec.shape)))


def read(call: Call, address: Address) -> int:
    """The number at an address."""
    value = call.values[address.argument]
    if address.kind == "length":
        return len(value)
    if address.element == ALL:
        value = next(item for item in value if isinstance(item, TensorSpec))
    elif address.element >= 0:
        value = value[address.element]
    number: int = value.shape[address.dim] if address.kind == "size" else value
    return number


def has(call: Call, address: Address) -> bool:
    """Whether a call has a number at an address: lists of tensors have different lengths."""
    if address.element < 0:
        return True
    value = call.values[address.argument]
    return isinstance(value, tuple) and address.element < len(value)


def write(call: Call, numbers: Mapping[Address, int]) -> Call:
    """The call with other numbers at some addresses."""
    values = list(call.values)
    for address, number in sorted(numbers.items(), key=lambda item: item[0].kind != "length"):
        values[address.argument] = _written(values[address.argument], address, number)
    return replace(call, values=tuple(values))


def _written(value: Any, address: Address, number: int) -> Any:
    if address.kind == "length":
        return value[:number] + value[-1:] * (number - len(value))
    if address.kind == "number" and address.element < 0:
        return number
    if isinstance(value, TensorSpec):
        return _resized(value, address.dim, number)
    changed = list(value)
    chosen: Iterable[int] = range(len(changed)) if address.element == ALL else (address.element,)
    for element in chosen:
        if address.kind == "number":
            changed[element] = number
        elif element < len(changed) and isinstance(changed[element], TensorSpec):
            changed[element] = _resized(changed[element], address.dim, number)
    return tuple(changed)


def _resized(spec: TensorSpec, dim: int, size: int) -> TensorSpec:
    shape = list(spec.shape)
    shape[dim] = max(size, 0)
    return replace(spec, shape=tuple(shape))


def map_tensors(call: Call, change: Any, only: int | None = None) -> Call:
    """The call with each tensor (or those of one argument) replaced by `change(tensor)`."""

    def mapped(value: Any) -> Any:
        if isinstance(value, TensorSpec):
            return change(value)
        return tuple(map(mapped, value)) if isinstance(value, tuple) else value

    values = (mapped(v) if only in (None, index) else v for index, v in enumerate(call.values))
    return replace(call, values=tuple(values))


def replaced(call: Call, argument: int, value: Any) -> Call:
    """The call with another value of one argument."""
    values = list(call.values)
    values[argument] = value
    return replace(call, values=tuple(values))


def with_rank(spec: TensorSpec, rank: int) -> TensorSpec:
    """The tensor with dimensions added in front, or removed there."""
    shape = spec.shape
    shape = shape[len(shape) - rank :] if rank <= len(shape) else (*range(2, 2 + rank - len(shape)), *shape)
    return replace(spec, shape=shape, order=(), gaps=False)


Structure = tuple[Any, ...]
"""What decides which outputs a call has, beside sizes: ranks, None, flags, names, lengths of lists of numbers."""


def structure(call: Call) -> Structure:
    """The structure of a call."""
    return tuple(map(_structure, call.values))


def _structure(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        return ("rank", len(value.shape))
    if is_number(value):
        return "number"
    if isinstance(value, (float, complex)):
        return "float"
    if is_tensor_list(value):
        kinds = tuple(len(i.shape) if isinstance(i, TensorSpec) else None for i in value)
        return ("ranks", *sorted(set(kinds), key=str)) if None not in kinds else ("ranks", *kinds)
    if isinstance(value, tuple):
        numbers = all(is_number(item) or isinstance(item, float) for item in value)
        return ("length", len(value)) if numbers else ("values", value)
    if isinstance(value, (torch.dtype, torch.device, torch.layout, torch.memory_format)):
        return str(value)
    return value if isinstance(value, (bool, str)) or value is None else "object"
