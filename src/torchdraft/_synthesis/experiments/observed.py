"""What an operator returned for a call, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.symbolic.fake import same_storage


@dataclass(frozen=True, slots=True)
class TensorOut:
    """A tensor that the operator returned."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: str
    layout: str
    strides: tuple[int, ...]
    offset: int
    shares: tuple[int, ...] = ()
    """Which of the tensor arguments, counted through lists, share memory with it."""
    same: bool = False
    """Whether it is the argument itself."""

    @property
    def dense(self) -> tuple[int, ...]:
        """The strides of a contiguous tensor of this shape."""
        return contiguous_strides(self.shape)


@dataclass(frozen=True, slots=True)
class ListOut:
    """A list of tensors that the operator returned in one place."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """The outputs of a call, or the error that it raised."""

    outputs: tuple[Any, ...] = ()
    single: bool = True
    """Whether the operator returned its one output and no tuple of outputs."""
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the operator accepted the call."""
        return not self.error


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of a contiguous tensor."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def observe(out: Any, arguments: Sequence[Any]) -> Observed:
    """Describes what an operator returned."""
    tensors = [
        item
        for value in arguments
        for item in (value if isinstance(value, (list, tuple)) else (value,))
        if isinstance(item, torch.Tensor)
    ]
    if isinstance(out, tuple):
        return Observed(tuple(_described(item, tensors) for item in out), single=False)
    return Observed((_described(out, tensors),))


def _described(value: Any, tensors: Sequence[torch.Tensor]) -> Any:
    if isinstance(value, (list, tuple)):
        return ListOut(tuple(_described(item, tensors) for item in value))
    if not isinstance(value, torch.Tensor):
        return value if isinstance(value, (int, float, bool, str)) or value is None else type(value).__name__
    strided = value.layout is torch.strided
    return TensorOut(
        tuple(value.shape),
        value.dtype,
        str(value.device),
        str(value.layout),
        tuple(value.stride()) if strided else (),
        int(value.storage_offset()) if strided else 0,
        tuple(i for i, tensor in enumerate(tensors) if same_storage(tensor, value)),
        any(value is tensor for tensor in tensors),
    )


def shapes(seen: Observed) -> tuple[object, ...]:
    """The shapes of all outputs, and the places of those that are no tensors."""
    return tuple(_shape(out) for out in seen.outputs)


def _shape(out: Any) -> object:
    if isinstance(out, ListOut):
        return tuple(_shape(item) for item in out.items)
    return out.shape if isinstance(out, TensorOut) else type(out).__name__


def shares_memory(seen: Observed) -> bool:
    """Whether an output has the memory of an argument."""
    outputs = [item for out in seen.outputs for item in (out.items if isinstance(out, ListOut) else (out,))]
    return any(isinstance(out, TensorOut) and bool(out.shares) for out in outputs)
