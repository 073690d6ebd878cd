"""Polyfills of functions that construct a tensor from Python data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.symbolic import shapes

from . import sequences
from .registry import Call, polyfill
from .sequences import holds_symbolic, is_symbolic

_DATA = (
    "The C++ implementation reads the memory of tensors in a sequence, which fake tensors do not have, and takes the "
    "value of a symbol, which specializes it."
)


@polyfill(torch.tensor, why=_DATA)
def tensor(func: Any, args: Any, kwargs: Any) -> Call:
    """`torch.tensor` of a tensor, of a symbol, or of a sequence that contains any."""
    symbolic = bool(args) and (is_symbolic(args[0]) or holds_symbolic(args[0]))
    return (sequences.tensor if symbolic else func), args, kwargs


@polyfill(torch.as_tensor, why=_DATA)
def as_tensor(func: Any, args: Any, kwargs: Any) -> Call:
    """`torch.as_tensor` of a SymInt, or of a sequence that contains tensors or symbols."""
    return _for_symbolic(sequences.tensor, 0, func, args, kwargs)


@polyfill(torch.asarray, why=_DATA)
def asarray(func: Any, args: Any, kwargs: Any) -> Call:
    """`torch.asarray` of a SymInt, or of a sequence that contains tensors or symbols."""
    return _for_symbolic(sequences.asarray, 0, func, args, kwargs)


@polyfill(torch.Tensor.new_tensor, why=_DATA)
def new_tensor(func: Any, args: Any, kwargs: Any) -> Call:
    """`x.new_tensor` of a SymInt, or of a sequence that contains tensors or symbols."""
    return _for_symbolic(sequences.new_tensor, 1, func, args, kwargs)


def _for_symbolic(instead: Callable[..., Any], position: int, func: Any, args: Any, kwargs: Any) -> Call:
    """A call of `instead` if the argument at `position` is a SymInt or a sequence that contains tensors or symbols."""
    symbolic = position < len(args) and (holds_symbolic(args[position]) or isinstance(args[position], torch.SymInt))
    return (instead if symbolic else func), args, kwargs


@polyfill(torch.Tensor.new, why=_DATA)
def new(func: Any, args: Any, kwargs: Any) -> Call:
    """`x.new` of a list or tuple. Numbers and a `torch.Size` are sizes there: `x.new(n, 2)`, `x.new(x.size())`."""
    data = len(args) == 2 and type(args[1]) in (list, tuple) and holds_symbolic(args[1])
    return (sequences.new_tensor if data else func), args, kwargs


@polyfill(torch.sparse_coo_tensor, why=_DATA)
def sparse_coo_tensor(func: Any, args: Any, kwargs: Any) -> Call:
    """`torch.sparse_coo_tensor` whose indices or values are a sequence that contains tensors or symbols."""
    return (sequences.sparse if any(holds_symbolic(a) for a in args[:2]) else func), args, kwargs


@polyfill(
    torch.ops.aten.set_.source_Tensor_storage_offset,
    why="`y.set_(z, offset, size, stride)` is traced as an operator that takes the storage of `z`, and no operation of "
    "the graph says which tensor the storage belongs to.",
)
def set_to_part(func: Any, args: Any, kwargs: Any) -> Call:
    """`y.set_` of a part of another tensor. Function modes receive the operator here, not the method."""
    if len(args) != 5 or kwargs:
        return func, args, kwargs
    target, source, offset, size, stride = args
    return torch.ops.aten.set_.source_Tensor, (target, source.detach().as_strided(size, stride, offset)), {}


@polyfill(torch.linspace, why="Upstream specializes a symbolic number of steps.")
def linspace(func: Any, args: Any, kwargs: Any) -> Call:
    """`torch.linspace` with a symbolic number of steps."""
    steps = args[2] if len(args) > 2 else kwargs.get("steps")
    symbolic = isinstance(steps, torch.SymInt) and "out" not in kwargs
    return (shapes.linspace if symbolic else func), args, kwargs
