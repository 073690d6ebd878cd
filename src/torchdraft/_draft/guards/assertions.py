"""Rewrites conditions so that upstream's runtime-assert pass writes them into the graph.

The pass (`torch.fx.passes.runtime_assert`) silently skips every condition that contains a conversion between int and
float, such as `int(t.sum().item())` used as a size. Each is rewritten into comparisons that the pass does write.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import sympy

from torchdraft._torch.symbolic.shapes import (
    CeilToInt,
    FloatTrueDiv,
    FloorToInt,
    IntTrueDiv,
    RoundToInt,
    ToFloat,
    TruncToInt,
)

ROUNDING = (TruncToInt, CeilToInt, FloorToInt, RoundToInt)
UNWRITABLE = (*ROUNDING, ToFloat)


def writable(expr: Any, real: Callable[[Any], Any], *, rounded: bool = False) -> list[Any]:
    """Conditions without int/float conversions that are true on the example and together imply `expr`.

    `TruncToInt(f)` with the value 3 becomes `3 <= f < 4`. `real(e)` gives an expression's value on the example.
    With `rounded`, a float that equals a number may be as far from it as rounding takes it (`rounding`).
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
    conditions.append(expr)
    conditions = [as_float_division(c) for c in conditions]
    return [w for c in conditions if c not in (sympy.true, True) for w in _about(_strict(_whole(c)), rounded)]


def writable_guard(expr: Any) -> Any:
    """A guard on the sizes of inputs, as a condition that the graph can hold. It keeps its conversions, which the patch
    `operations_written` writes.
    """
    return _whole(as_float_division(expr))


def as_float_division(expr: Any) -> Any:
    """`n / 2` of integers as a division of floats, which is the same below 2**53.

    A later trace of the program (`run_decompositions`) cannot write the division of integers into its graph. One that
    contains a conversion it leaves to the assertion that is there.
    """
    found = expr.atoms(IntTrueDiv)
    return expr.xreplace({e: FloatTrueDiv(*map(_to_float, e.args)) for e in found}) if found else expr


def _to_float(number: Any) -> Any:
    return sympy.Float(int(number)) if number.is_Integer else ToFloat(number)


RELATIVE, ABSOLUTE = 1.3e-6, 1e-5
"""How far a computed float may be from the one read: what `torch.testing.assert_close` allows a float32.

The slice a demand computes runs below autograd, on decomposed ops, whose rounding can differ from the program's in the
last bits."""


def rounding(largest: float) -> float:
    """The absolute part of what rounding may change in numbers of which `largest` is the largest magnitude.

    It shrinks with numbers below 1: 1e-6 and 2e-6 are two learning rates, and no rounding takes a number to 0.
    """
    return ABSOLUTE * min(1.0, largest)


def reach(number: float) -> float:
    """How far a computed float may be from the `number` read. Zero is exact."""
    return RELATIVE * abs(number) + rounding(abs(number))


def _about(expr: Any, rounded: bool = False) -> list[Any]:
    """A float equal to a number, as the two bounds around it; other conditions as they are."""
    if not isinstance(expr, sympy.Eq) or not any(not s.is_integer for s in expr.free_symbols):
        return [expr]
    value, number = (expr.lhs, expr.rhs) if expr.rhs.is_number else (expr.rhs, expr.lhs)
    if not number.is_number:
        return [expr]
    low, high = _neighbours(float(number), reach(float(number)) if rounded else 0.0)
    return [sympy.Gt(value, low), sympy.Lt(value, high)]


def _neighbours(number: float, slack: float) -> tuple[float, float]:
    """The open interval of the floats that are at most `slack` from `number`."""
    if number == 0:
        return -sys.float_info.min, sys.float_info.min
    return math.nextafter(number - slack, -math.inf), math.nextafter(number + slack, math.inf)


def _whole(expr: Any) -> Any:
    """`n >= 1.25` as `n >= 2`: upstream takes a bound of an int for a range and writes none that ends at a float."""
    if not isinstance(expr, sympy.core.relational.Relational):
        return expr
    if expr.lhs.is_number:
        expr = expr.reversed
    number, limit = expr.lhs, expr.rhs
    if not number.is_integer or number.is_number or not limit.is_Float or not math.isfinite(limit):
        return expr
    low, high = math.floor(limit), math.ceil(limit)
    if isinstance(expr, (sympy.Ge, sympy.Gt)):
        return sympy.Ge(number, high if isinstance(expr, sympy.Ge) else low + 1)
    if isinstance(expr, (sympy.Le, sympy.Lt)):
        return sympy.Le(number, low if isinstance(expr, sympy.Le) else high - 1)
    return expr.func(number, low) if low == high else sympy.sympify(isinstance(expr, sympy.Ne))


def needs_rewriting(expr: Any) -> bool:
    """Whether upstream would leave `expr` out of the graph as it stands."""
    return (
        bool(expr.has(*UNWRITABLE, IntTrueDiv)) or _float_bound(expr) or _about(expr) != [expr] or _whole(expr) != expr
    )


def _float_bound(expr: Any) -> bool:
    """`f >= 3.0` alone counts as a range to upstream, and ranges of floats are never written."""
    if not isinstance(expr, (sympy.Ge, sympy.Le)) or not (expr.lhs.is_number or expr.rhs.is_number):
        return False
    return any(not s.is_integer for s in expr.free_symbols)


def _strict(expr: Any) -> Any:
    """`f >= 3.0` as `f > 2.9999999999999996`, the same set of doubles."""
    if not _float_bound(expr):
        return expr
    lesser, greater = (expr.rhs, expr.lhs) if isinstance(expr, sympy.Ge) else (expr.lhs, expr.rhs)
    if lesser.is_number:
        return sympy.Gt(greater, math.nextafter(float(lesser), -math.inf))
    return sympy.Lt(lesser, math.nextafter(float(greater), math.inf))


def _range_of(inner: Any, argument: Any, number: int) -> list[Any]:
    """The floats that convert to `number`."""
    if isinstance(inner, CeilToInt):
        return [sympy.Gt(argument, float(number - 1)), sympy.Le(argument, float(number))]
    if isinstance(inner, RoundToInt):  # halves go to the even number
        low, high = (sympy.Ge, sympy.Le) if number % 2 == 0 else (sympy.Gt, sympy.Lt)
        return [low(argument, number - 0.5), high(argument, number + 0.5)]
    if isinstance(inner, FloorToInt) or number > 0:
        return [sympy.Ge(argument, float(number)), sympy.Lt(argument, float(number + 1))]
    if number < 0:
        return [sympy.Gt(argument, float(number - 1)), sympy.Le(argument, float(number))]
    return [sympy.Gt(argument, -1.0), sympy.Lt(argument, 1.0)]
