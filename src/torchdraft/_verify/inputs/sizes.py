"""The sizes that a program accepts: its symbols, their ranges and conditions, and random draws of them.

The size of a dimension is an expression of symbols. Sizes are drawn for the symbols, so the shapes are consistent: two
dimensions with the same symbol stay equal, and a dimension of `2*s0` stays twice as large as one of `s0`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch

from .interface import Interface, Leaf, expression_of, substitute

MOST_ELEMENTS = 1 << 20
"""Maximum number of elements of drawn inputs, unless the example is larger."""
ATTEMPTS = 32
_MOST_SOLVED = 4096

Assignment = dict[Any, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The symbols in the shapes of the inputs."""

    leaves: tuple[Leaf, ...]
    example: Assignment
    """The value of each symbol on the example."""
    bounds: dict[Any, tuple[int, int | None]]
    """The smallest and the largest declared value. None if there is no largest."""
    conditions: tuple[Any, ...] = field(default=())
    """Further conditions on the symbols that the program asserts."""

    def __bool__(self) -> bool:
        return bool(self.example)

    def shape(self, leaf: Leaf, sizes: Assignment) -> tuple[int, ...]:
        """The shape of an input under these sizes."""
        return tuple(int(substitute(size, sizes)) for size in leaf.shape)

    def number(self, leaf: Leaf, sizes: Assignment) -> int:
        """The value of a dynamic int under these sizes."""
        return int(substitute(leaf.number, sizes))

    def fit(self, sizes: Assignment) -> bool:
        """False if the declared conditions exclude these sizes, or if the inputs would be too large."""
        try:
            if any(substitute(condition, sizes) == sympy.false for condition in self.conditions):
                return False
            shapes = [self.shape(leaf, sizes) for leaf in self.leaves if leaf.is_tensor]
        except (TypeError, ZeroDivisionError):  # not an integer, or undefined
            return False
        return all(size >= 0 for shape in shapes for size in shape) and self._affordable(shapes)

    def _affordable(self, shapes: list[tuple[int, ...]]) -> bool:
        own = sum(leaf.example.numel() for leaf in self.leaves if leaf.is_tensor)
        return sum(map(math.prod, shapes)) <= max(MOST_ELEMENTS, 2 * own)

    def window(self, symbol: Any) -> tuple[int, int]:
        """The range to draw from: from the smallest size to somewhat above the example."""
        low, high = self.bounds[symbol]
        own = self.example[symbol]
        top = max(own + 3, min(2 * own, own + 64))
        return min(max(low, min(2, own)), own), top if high is None else max(min(top, high), own)

    def draw(self, rng: random.Random, kind: str) -> Assignment:
        """Sizes of one kind that the program accepts, or those of the example if none are found."""
        for _ in range(ATTEMPTS):
            drawn = self._drawn(rng, kind)
            if drawn != self.example and self.fit(drawn):
                return drawn
        return self.example

    def _drawn(self, rng: random.Random, kind: str) -> Assignment:
        if kind in ("sizes smallest", "sizes largest"):
            ends = {symbol: self.window(symbol)[kind == "sizes largest"] for symbol in self.example}
            one = rng.choice(list(ends))
            return ends if rng.random() < 0.6 else {**self.example, one: ends[one]}
        if kind in ("a size of 1", "a size of 0"):
            return {**self.example, rng.choice(list(self.example)): int(kind[-1])}
        if kind == "one size random":
            symbol = rng.choice(list(self.example))
            return {**self.example, symbol: rng.randint(*self.window(symbol))}
        return {symbol: rng.randint(*self.window(symbol)) for symbol in self.example}

    def of(self, values: list[Any]) -> Assignment | None:
        """The symbols for given inputs, or None if their shapes do not match the program."""
        try:
            found = _solved(self.leaves, values)
            shapes = [tuple(v.shape) for v in values if isinstance(v, torch.Tensor)]
            expected = [self.shape(leaf, found) for leaf in self.leaves if leaf.is_tensor]
        except (TypeError, ValueError, ZeroDivisionError):
            return None
        return found if expected == shapes else None

    def smaller(self, sizes: Assignment) -> Iterator[Assignment]:
        """Sizes one step smaller: one symbol set to its minimum, halved, or reduced by one."""
        for symbol, size in sizes.items():
            low = max(self.bounds[symbol][0], 0)
            for candidate in dict.fromkeys((low, 2, 1, (low + size) // 2, size - 1)):
                if 0 <= candidate < size and (candidate >= low or candidate in (1, 2)):
                    yield {**sizes, symbol: candidate}


def sizes_of(program: torch.export.ExportedProgram, interface: Interface) -> Sizes:
    """The symbols, ranges and asserted conditions of a program."""
    values = [leaf.example for leaf in interface.leaves]
    example = _solved(interface.leaves, values)
    bounds: dict[Any, tuple[int, int | None]] = {}
    conditions: list[Any] = []
    for expr, interval in program.range_constraints.items():
        low, high = _bounds(interval)
        if expr in example:
            bounds[expr] = low, high
        elif expr.free_symbols and expr.free_symbols <= example.keys():
            conditions += [sympy.Ge(expr, low), *([sympy.Le(expr, high)] if high is not None else [])]
    for symbol in example:
        bounds.setdefault(symbol, (0, None))
    conditions += [c for c in _asserted(program) if c.free_symbols and c.free_symbols <= example.keys()]
    return Sizes(interface.leaves, example, bounds, tuple(conditions))


def _bounds(interval: Any) -> tuple[int, int | None]:
    """The smallest and the largest size. torch has its own classes for infinity, so the bounds are compared."""
    low = int(interval.lower) if interval.lower > 0 else 0
    return low, int(interval.upper) if interval.upper < 1 << 31 else None


def _asserted(program: torch.export.ExportedProgram) -> Iterator[Any]:
    """The symbolic conditions that the graph asserts."""
    for node in program.graph.nodes:
        if node.target is torch.ops.aten._assert_scalar.default and isinstance(node.args[0], torch.fx.Node):
            held = node.args[0].meta.get("val")
            if isinstance(held, torch.SymBool):
                yield expression_of(held)


def _solved(leaves: tuple[Leaf, ...], values: list[Any]) -> Assignment:
    """The symbols, solved from the shapes of given values."""
    pairs: list[tuple[Any, int]] = []
    for leaf, value in zip(leaves, values, strict=True):
        if leaf.is_tensor:
            pairs += zip(leaf.shape, value.shape, strict=True)
        elif leaf.number is not None:
            pairs.append((leaf.number, value))
    found: Assignment = {}
    for expr, size in sorted(pairs, key=lambda pair: len(pair[0].free_symbols) + pair[0].count_ops()):
        left = substitute(expr, found)
        if len(left.free_symbols) == 1:
            (symbol,) = left.free_symbols
            found[symbol] = _root(left, symbol, size)
    return found


def _root(expr: Any, symbol: Any, size: int) -> int:
    if expr == symbol:
        return size
    # Sizes are small integers, and sympy does not solve expressions with floors.
    for candidate in range(_MOST_SOLVED):
        if substitute(expr, {symbol: candidate}) == size:
            return candidate
    raise ValueError(f"no size {symbol} makes {expr} {size}")
