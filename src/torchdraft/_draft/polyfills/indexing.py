"""Polyfills of `x[…]` and `x[…] = y` with tensors and symbols inside the brackets."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.symbolic.fake import FakeTensor

from . import sequences
from .python.slice_bounds import within_sizes
from .registry import Call, polyfill


@polyfill(
    torch.Tensor.__getitem__,
    why="The C++ implementation makes a tensor of a sequence of indices: it reads the memory of tensors in it, which "
    "fake tensors do not have, and takes the value of a symbol, which specializes it.",
)
def getitem(func: Any, args: Any, kwargs: Any) -> Call:
    """`x[…]` with sequences that contain tensors or symbols."""
    return func, (args[0], within_sizes(args[0], sequences.index(args[1]))), kwargs


@polyfill(
    torch.Tensor.__setitem__,
    why="As for `__getitem__`. In addition upstream specializes an integer tensor in the brackets of an assignment, "
    "while `__getitem__` makes a symbol of it.",
)
def setitem(func: Any, args: Any, kwargs: Any) -> Call:
    """`x[…] = y` with sequences that contain tensors or symbols, and with integer tensors of dimension 0."""
    given = sequences.index(args[1])
    given = tuple(_symbol(one) for one in given) if isinstance(given, tuple) else _symbol(given)
    return func, (args[0], within_sizes(args[0], given), *args[2:]), kwargs


def _symbol(given: Any) -> Any:
    if isinstance(given, slice):
        return slice(_symbol(given.start), _symbol(given.stop), _symbol(given.step))
    integer = isinstance(given, FakeTensor) and given.dim() == 0 and given.dtype in _INTEGERS
    return given.item() if integer else given


_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8)
