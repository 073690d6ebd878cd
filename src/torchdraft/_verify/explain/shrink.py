"""Shrinks an input on which the program is wrong: smaller sizes, and values from the example, zeros and ones.

The search is deterministic. Each step is a simpler input, which is accepted if the program is still silently wrong on
it. Sizes are shrunk first, because small tensors make the later steps cheap. Then whole inputs are simplified, then
their elements, in halves, quarters and so on. The search ends when no step is left or its limits are reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch

from torchdraft._verify.inputs.call import Call
from torchdraft._verify.inputs.draw import drawable, laid_out_like
from torchdraft._verify.inputs.indices import Tables
from torchdraft._verify.inputs.interface import Interface
from torchdraft._verify.inputs.sizes import Assignment, Sizes
from torchdraft._verify.inputs.values import Observed, example_values

MOST_RUNS = 200
"""Maximum number of inputs to try for one mismatch."""
LONGEST = 30.0
"""Maximum duration of the search, in seconds."""

Simpler = Callable[[torch.Tensor], torch.Tensor]


class Shrinker:
    """The search for one call on which the program is wrong."""

    def __init__(self, interface: Interface, sizes: Sizes, tables: Tables, wrong: Callable[[Call], bool]) -> None:
        self.interface = interface
        self.sizes = sizes
        self.tables = tables
        self.wrong = wrong
        self.runs = 0
        self.deadline = time.monotonic() + LONGEST

    def shrink(self, call: Call) -> Call:
        """The smallest call found."""
        values = self.interface.values(call)
        if values is None:
            return call
        if call.times > 1 and self._holds(once := replace(call, times=1), values):
            call = once
        at = self.sizes.of(values)
        if at is not None:
            values = self._smaller(call, values, at)
        whole = [self._simpler(call, values, index) for index in range(len(values))]
        for index, simple in enumerate(whole):
            if not simple:
                self._elements(call, values, index)
        return self._made(call, values)

    # -- steps

    def _smaller(self, call: Call, values: list[Any], sizes: Assignment) -> list[Any]:
        """Shrinks sizes until no smaller candidate is wrong."""
        for candidate in self.sizes.smaller(sizes):
            resized = self._resized(values, candidate)
            if resized is not None and self._holds(call, resized):
                return self._smaller(call, resized, candidate)
        return values

    def _simpler(self, call: Call, values: list[Any], index: int) -> bool:
        """Replaces one input as a whole by the example, zeros or ones. True if it has such a value at the end."""
        for simple in self._simple(index, values[index]):
            if _same(simple, values[index]):
                return True
            if self._holds(call, [*values[:index], simple, *values[index + 1 :]]):
                values[index] = simple
                return True
        return False

    def _elements(self, call: Call, values: list[Any], index: int) -> None:
        """Replaces elements of one input by zeros, ones and integers, in groups of decreasing size."""
        for simpler in (torch.zeros_like, _ones, torch.round, _away_from_zero):
            step = max(values[index].numel() // 2, 1) if self._drawable(index) else 0
            while step:
                for start in range(0, values[index].numel(), step):
                    changed = _changed(values[index], start, start + step, simpler)
                    candidate = [*values[:index], changed, *values[index + 1 :]]
                    if not _same(changed, values[index]) and self._holds(call, candidate):
                        values[index] = changed
                step //= 2

    # -- candidates

    def _simple(self, index: int, value: Any) -> Iterator[Any]:
        """The candidates of `_simpler`. The example comes first if it has the same shape: then the input need not be
        shown.
        """
        leaf = self.interface.leaves[index]
        if not self._drawable(index):
            yield leaf.example
            return
        observed = Observed.of(leaf.example)
        own = laid_out_like(leaf.example, example_values(observed, tuple(value.shape), torch.Generator()))
        numbers = [number for number in (0.0, 1.0) if observed.admit(number)]
        filled = [laid_out_like(leaf.example, torch.full(value.shape, n, dtype=torch.float64)) for n in numbers]
        yield from [own, *filled] if value.shape == leaf.example.shape else [*filled, own]

    def _resized(self, values: list[Any], sizes: Assignment) -> list[Any] | None:
        """The inputs cut to smaller sizes, or None if the program does not accept these sizes."""
        if not self.sizes.fit(sizes):
            return None
        made: list[Any] = []
        for index, (leaf, value) in enumerate(zip(self.interface.leaves, values, strict=True)):
            if leaf.number is not None:
                made.append(self.sizes.number(leaf, sizes))
            elif not self._drawable(index):
                made.append(value)
            else:
                cut = tuple(slice(size) for size in self.sizes.shape(leaf, sizes))
                made.append(laid_out_like(leaf.example, self._below(index, value.detach()[cut], sizes)))
        return made

    def _below(self, index: int, value: torch.Tensor, sizes: Assignment) -> torch.Tensor:
        """Clamps integers that index a dimension below its size."""
        limit = self.tables.limit(self.interface.leaves[index], sizes)
        return value if limit is None else value.clamp(max=max(limit - 1, 0))

    def _drawable(self, index: int) -> bool:
        return drawable(self.interface.leaves[index])

    # -- trying

    def _made(self, call: Call, values: list[Any]) -> Call:
        return call.on(self.interface.inputs(values))

    def _holds(self, call: Call, values: list[Any]) -> bool:
        if self.runs >= MOST_RUNS or time.monotonic() > self.deadline:
            return False
        self.runs += 1
        return self.wrong(self._made(call, values))


def _changed(value: torch.Tensor, start: int, stop: int, simpler: Simpler) -> torch.Tensor:
    """A copy with some elements simplified."""
    flat = value.detach().reshape(-1).clone()
    part = flat[start:stop]
    flat[start:stop] = simpler(part) if part.is_floating_point() or simpler is not torch.round else part
    return laid_out_like(value, flat.reshape(value.shape))


def _ones(values: torch.Tensor) -> torch.Tensor:
    """Ones for all elements that are not zero."""
    return torch.where(values == 0, values, torch.ones_like(values))


def _away_from_zero(values: torch.Tensor) -> torch.Tensor:
    return values.sgn() * values.abs().ceil() if values.is_floating_point() else values


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor):
        return one.shape == two.shape and torch.equal(one.detach(), two.detach())
    return type(one) is type(two) and bool(one == two)
