"""Loops over a symbolic number of turns, where the paths of a model are traced one by one.

Every turn asks whether there is another one. Elsewhere such a loop fixes the number of its turns to the example's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller

from .calls import replaces_calls

acts_for_caller(__file__)

_unrolled: ContextVar[bool] = ContextVar("_unrolled", default=False)


@contextmanager
def loops_unrolled() -> Iterator[None]:
    """In this block a loop over a symbolic number of turns asks at each turn."""
    token = _unrolled.set(True)
    try:
        yield
    finally:
        _unrolled.reset(token)


@replaces_calls(range, why="`range` of a symbolic number takes the example's number of turns.")
def range_by_turns(*args: Any) -> Any:
    """`range(…)`. Of symbolic numbers, where loops are unrolled, the numbers one after the other."""
    symbolic = _unrolled.get() and any(isinstance(each, torch.SymInt) for each in args)
    return turns(*args) if symbolic else range(*args)


def turns(*args: Any) -> Iterator[Any]:
    """The numbers of `range(*args)`, one after the other."""
    start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
    while (step > 0 and start < stop) or (step < 0 and start > stop):
        yield start
        start = start + step
