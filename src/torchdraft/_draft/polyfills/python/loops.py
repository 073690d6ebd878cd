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


def loops_are_unrolled() -> bool:
    """Whether the paths of a model are traced one by one."""
    return _unrolled.get()


class Counters:
    """How the numbers of loops are given: as symbols, so that a turn is like the next one."""

    def __init__(self) -> None:
        self.used = False
        """Whether a loop over a symbolic number of turns has begun."""


_counters: ContextVar[Counters | None] = ContextVar("_counters", default=None)


@contextmanager
def counted_by(counters: Counters | None) -> Iterator[None]:
    """In this block loops over a symbolic number of turns have symbols as their numbers; with None, plain ones."""
    token = _counters.set(counters)
    try:
        yield
    finally:
        _counters.reset(token)


def _as_symbol(number: Any, stop: Any) -> Any:
    """The number of a turn: a symbol of its own, so that what a turn decides about it holds in no other one.

    The first number depends on `stop` as the later ones do: nothing is decided about it because it is a constant.
    """
    counters = _counters.get()
    if counters is None:
        return number
    counters.used = True
    made = torch.scalar_tensor(number, dtype=torch.int64)
    if not isinstance(number, torch.SymInt):
        made = made + torch.scalar_tensor(stop, dtype=torch.int64) * 0
    return made.item()


@replaces_calls(range, why="`range` of a symbolic number takes the example's number of turns.")
def range_by_turns(*args: Any) -> Any:
    """`range(…)`. Of symbolic numbers, where loops are unrolled, the numbers one after the other."""
    symbolic = _unrolled.get() and any(isinstance(each, torch.SymInt) for each in args)
    return Numbers(*args) if symbolic else range(*args)


@replaces_calls(len, why="`len` of a range of symbolic numbers is a symbol, which `__len__` cannot return.")
def length(container: Any) -> Any:
    """`len(container)`."""
    return container.count() if isinstance(container, Numbers) else len(container)


class Numbers:
    """What `range(*args)` is of symbolic numbers. Every turn of a loop over it asks whether there is another one."""

    def __init__(self, *args: Any) -> None:
        if not 1 <= len(args) <= 3:
            raise TypeError(f"range expected from 1 to 3 arguments, got {len(args)}")
        self.start, self.stop, self.step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        if self.step == 0:
            raise ValueError("range() arg 3 must not be zero")

    def count(self) -> Any:
        """How many numbers there are."""
        away, step = (self.stop - self.start, self.step) if self.step > 0 else (self.start - self.stop, -self.step)
        return torch.sym_max(0, (away + (step - 1)) // step)

    def __len__(self) -> int:
        return int(self.count())

    def __iter__(self) -> Turns:
        return Turns(self.start, self.stop, self.step)

    def __reversed__(self) -> Turns:
        last = self.start + (self.count() - 1) * self.step
        return Turns(last, self.start - self.step, -self.step)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return range(int(self.start), int(self.stop), int(self.step))[place]
        count = self.count()
        if place < 0:
            place = place + count
        if place < 0 or place >= count:
            raise IndexError("range object index out of range")
        return self.start + place * self.step

    def __contains__(self, number: Any) -> bool:
        inside = self.start <= number < self.stop if self.step > 0 else self.stop < number <= self.start
        return bool(inside) and bool((number - self.start) % self.step == 0)


class Turns:
    """The numbers of a range, one after the other."""

    def __init__(self, start: Any, stop: Any, step: Any = 1) -> None:
        self.number, self.stop, self.step = _as_symbol(start, stop), stop, step
        self.ascends = bool(step > 0)

    def __iter__(self) -> Turns:
        return self

    def __next__(self) -> Any:
        number = self.number
        if not (number < self.stop if self.ascends else number > self.stop):
            raise StopIteration
        self.number = _as_symbol(number + self.step, self.stop)
        return number


def turns(*args: Any) -> Turns:
    """The numbers of `range(*args)`, one after the other."""
    return iter(Numbers(*args))


class Rows:
    """The rows of a tensor, one after the other."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor, self.turns = tensor, turns(tensor.shape[0])

    def __iter__(self) -> Rows:
        return self

    def __next__(self) -> torch.Tensor:
        return self.tensor[next(self.turns)]
