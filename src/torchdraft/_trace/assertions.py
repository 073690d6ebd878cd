"""Rewrites assumptions into assertions the graph can hold.

Upstream's runtime-assert pass leaves out, silently, every condition with a conversion between int and float in it
(`int(t.sum().item())` used as a size is the usual one). Each is rewritten here into comparisons that it does write.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy

from .._torch.shapes import CeilToInt, ToFloat, TruncToInt

UNWRITABLE = (TruncToInt, CeilToInt, ToFloat)


def writable(expr: Any, real: Callable[[Any], Any]) -> list[Any]:
    """Conditions that together imply `expr`, true on the example, without int/float conversions.

    `TruncToInt(f)` with the value 3 becomes `3 <= f < 4`. `real(e)` gives an expression's value on the example.
    """
    conditions: list[Any] = []
    while found := sorted(expr.atoms(*UNWRITABLE), key=lambda e: e.count_ops()):
        inner = found[0]
        argument = inner.args[0]
        if isinstance(inner, ToFloat):
            expr = expr.xreplace({inner: argument})
            continue
        number = int(real(inner))
        conditions.extend(_range_of(inner, argument, number))
        expr = expr.xreplace({inner: sympy.Integer(number)})
    return [_strict(c) for c in (*conditions, expr) if c not in (sympy.true, True)]


def needs_rewriting(expr: Any) -> bool:
    """Whether upstream would leave `expr` out of the graph as it stands."""
    return bool(expr.has(*UNWRITABLE)) or _float_bound(expr)


def _float_bound(expr: Any) -> bool:
    """`f >= 3.0` alone counts as a range to upstream, and ranges of floats are never written."""
    return isinstance(expr, (sympy.Ge, sympy.Le)) and any(not s.is_integer for s in expr.free_symbols)


def _strict(expr: Any) -> Any:
    """`f >= 3.0` as `f > 2.9999999999999996`, the same set of doubles."""
    if not _float_bound(expr):
        return expr
    lesser, greater = (expr.rhs, expr.lhs) if isinstance(expr, sympy.Ge) else (expr.lhs, expr.rhs)
    if lesser.is_number:
        return sympy.Gt(greater, math.nextafter(float(lesser), -math.inf))
    if greater.is_number:
        return sympy.Lt(lesser, math.nextafter(float(greater), math.inf))
    return sympy.Not(sympy.Lt(greater, lesser), evaluate=False)


def _range_of(inner: Any, argument: Any, number: int) -> list[Any]:
    """The floats that convert to `number`."""
    if isinstance(inner, CeilToInt):
        return [sympy.Gt(argument, float(number - 1)), sympy.Le(argument, float(number))]
    if number > 0:
        return [sympy.Ge(argument, float(number)), sympy.Lt(argument, float(number + 1))]
    if number < 0:
        return [sympy.Gt(argument, float(number - 1)), sympy.Le(argument, float(number))]
    return [sympy.Gt(argument, -1.0), sympy.Lt(argument, 1.0)]
