"""Sizes of inputs that fit the conditions of a side of a branch that the example does not take."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

MOST_TRIED = 130
"""Values of one size that are tried."""


def fitting_sizes(
    conditions: Sequence[Any], sizes: Mapping[sympy.Symbol, Any], ranges: Mapping[sympy.Symbol, Any]
) -> dict[sympy.Symbol, Any] | None:
    """Values of the symbols in the last condition with which every condition holds; None where none were found.

    `sizes` are the values of all symbols so far, which stay as they are where they can.
    """
    symbols = sorted(conditions[-1].free_symbols, key=str)
    if len(symbols) > 2:
        return None
    tried = [_near(sizes[symbol], ranges.get(symbol), MOST_TRIED if len(symbols) == 1 else 12) for symbol in symbols]
    fitting = (dict(zip(symbols, values, strict=True)) for values in itertools.product(*tried))
    fitting = (found for found in fitting if all(_holds(each, {**sizes, **found}) for each in conditions))
    return next(fitting, None)


def _near(size: Any, bounds: Any, most: int) -> list[Any]:
    """Values of a size, beginning with those next to the given one."""
    low, high = (2, most) if bounds is None else (max(2, bounds.lower), bounds.upper)
    steps = [step for away in range(most) for step in ((away, -away) if away else (0,))]
    far = [2**power for power in range(6, 17)]
    values = [int(size) + step for step in steps] + far + [value + 1 for value in far]
    return [sympy.Integer(value) for value in values if low <= value <= high]


def _holds(condition: Any, sizes: Mapping[sympy.Symbol, Any]) -> bool:
    try:
        return bool(condition.xreplace(sizes) == sympy.true)
    except (ArithmeticError, ValueError, TypeError, AssertionError):
        return False
