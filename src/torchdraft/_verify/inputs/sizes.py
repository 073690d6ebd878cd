"""The sizes a program takes: symbols, what is known of them, and draws that keep the relations between dimensions.

A dimension's size is an expression of symbols, so sizes drawn for the symbols give shapes that fit together: two
dimensions that share a symbol stay equal, one that is `2*s0` stays twice the other.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch

from .interface import Interface, Leaf, expression_of, put_in

MOST_ELEMENTS = 1 << 20
"""Inputs drawn are not larger than this, unless the example is."""
ATTEMPTS = 32
_MOST_SOLVED = 4096

Assignment = dict[Any, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The symbols behind the inputs' shapes."""

    leaves: tuple[Leaf, ...]
    example: Assignment
    """What each symbol is on the example."""
    bounds: dict[Any, tuple[int, int | None]]
    """The smallest and the largest value the program declares, None where there is none."""
    conditions: tuple[Any, ...] = field(default=())
    """What the program asserts of the symbols besides."""

    def __bool__(self) -> bool:
        return bool(self.example)

    def shape(self, leaf: Leaf, sizes: Assignment) -> tuple[int, ...]:
        """The shape of an input under these sizes."""
        return tuple(int(put_in(size, sizes)) for size in leaf.shape)

    def number(self, leaf: Leaf, sizes: Assignment) -> int:
        """The value of a dynamic int under these sizes."""
        return int(put_in(leaf.number, sizes))

    def fit(self, sizes: Assignment) -> bool:
        """Whether the program takes these sizes, as far as can be told without running it."""
        try:
            if any(put_in(condition, sizes) == sympy.false for condition in self.conditions):
                return False
            shapes = [self.shape(leaf, sizes) for leaf in self.leaves if leaf.is_tensor]
        except (TypeError, ZeroDivisionError):  # no whole number, or none at all
            return False
        return all(size >= 0 for shape in shapes for size in shape) and self._affordable(shapes)

    def _affordable(self, shapes: list[tuple[int, ...]]) -> bool:
        own = sum(leaf.example.numel() for leaf in self.leaves if leaf.is_tensor)
        return sum(map(math.prod, shapes)) <= max(MOST_ELEMENTS, 2 * own)

    def window(self, symbol: Any) -> tuple[int, int]:
        """The sizes worth drawing: from the smallest to somewhat above the example."""
        low, high = self.bounds[symbol]
        own = self.example[symbol]
        top = max(own + 3, min(2 * own, own + 64))
        return min(max(low, min(2, own)), own), top if high is None else max(min(top, high), own)

    def draw(self, rng: random.Random, kind: str) -> Assignment:
        """Sizes of one kind, taken by the program where such are found; those of the example where not."""
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
        """The symbols of given inputs; None where their shapes are none of the program's."""
        try:
            found = _solved(self.leaves, values)
            shapes = [tuple(v.shape) for v in values if isinstance(v, torch.Tensor)]
            mine = [self.shape(leaf, found) for leaf in self.leaves if leaf.is_tensor]
        except (TypeError, ValueError, ZeroDivisionError):
            return None
        return found if mine == shapes else None

    def smaller(self, sizes: Assignment) -> Iterator[Assignment]:
        """Sizes one step smaller: each symbol at its smallest, halved, or one less."""
        for symbol, size in sizes.items():
            low = max(self.bounds[symbol][0], 0)
            for candidate in dict.fromkeys((low, 2, 1, (low + size) // 2, size - 1)):
                if 0 <= candidate < size and (candidate >= low or candidate in (1, 2)):
                    yield {**sizes, symbol: candidate}


def sizes_of(program: torch.export.ExportedProgram, interface: Interface) -> Sizes:
    """Reads a program's symbols, ranges and assertions about sizes."""
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
    """Smallest and largest size. Infinity has classes of torch's own that do not say that they are."""
    low = int(interval.lower) if interval.lower > 0 else 0
    return low, int(interval.upper) if interval.upper < 1 << 31 else None


def _asserted(program: torch.export.ExportedProgram) -> Iterator[Any]:
    """Conditions that the graph asserts, where their value is symbolic."""
    for node in program.graph.nodes:
        if node.target is torch.ops.aten._assert_scalar.default and isinstance(node.args[0], torch.fx.Node):
            held = node.args[0].meta.get("val")
            if isinstance(held, torch.SymBool):
                yield expression_of(held)


def _solved(leaves: tuple[Leaf, ...], values: list[Any]) -> Assignment:
    """What the symbols are where the inputs have these values."""
    pairs: list[tuple[Any, int]] = []
    for leaf, value in zip(leaves, values, strict=True):
        if leaf.is_tensor:
            pairs += zip(leaf.shape, value.shape, strict=True)
        elif leaf.number is not None:
            pairs.append((leaf.number, value))
    found: Assignment = {}
    for expr, size in sorted(pairs, key=lambda pair: len(pair[0].free_symbols) + pair[0].count_ops()):
        left = put_in(expr, found)
        if len(left.free_symbols) == 1:
            (symbol,) = left.free_symbols
            found[symbol] = _root(left, symbol, size)
    return found


def _root(expr: Any, symbol: Any, size: int) -> int:
    if expr == symbol:
        return size
    # A size is a small whole number, and expressions of sizes have floors that sympy does not solve.
    for candidate in range(_MOST_SOLVED):
        if put_in(expr, {symbol: candidate}) == size:
            return candidate
    raise ValueError(f"no size {symbol} makes {expr} {size}")
