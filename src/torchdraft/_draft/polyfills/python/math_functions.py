"""Calls of functions of `math` with a symbol, or with a tensor that holds one number.

Here are those that operations of a graph express exactly; `tensor_functions.py` has those of which a tensor's can
differ in the last digit. For the others (`math.hypot`) Python gets the number, which is asserted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller

from . import symbols
from .calls import replaces_calls
from .numbers import is_symbolic, number_of

acts_for_caller(__file__)

_SPECIALIZES = "A function of `math` converts a symbol to a plain number, which is asserted, and reads a tensor."
_EXACT_ROOTS = 2**52
"""Below, the root of an integer, rounded down, is that of its float."""


@replaces_calls(math.floor, why=_SPECIALIZES)
def floor(number: Any) -> Any:
    """`math.floor(number)`."""
    return _rounded(math.floor, symbols.floor, number)


@replaces_calls(math.ceil, why=_SPECIALIZES)
def ceil(number: Any) -> Any:
    """`math.ceil(number)`."""
    return _rounded(math.ceil, symbols.ceil, number)


@replaces_calls(math.trunc, why=_SPECIALIZES)
def trunc(number: Any) -> Any:
    """`math.trunc(number)`, which accepts no tensor."""
    return symbols.whole(number) if is_symbolic(number) else math.trunc(number)


def _rounded(original: Callable[[Any], Any], of_symbol: Callable[[Any], Any], value: Any) -> Any:
    number = number_of(value)
    if not is_symbolic(number):
        return original(number)
    return of_symbol(symbols.as_float(number) if isinstance(value, torch.Tensor) else number)


@replaces_calls(math.sqrt, why=_SPECIALIZES)
def sqrt(number: Any) -> Any:
    """`math.sqrt(number)`."""
    number = number_of(number)
    return symbols.square_root(symbols.as_float(number)) if is_symbolic(number) else math.sqrt(number)


@replaces_calls(math.isqrt, why=_SPECIALIZES)
def isqrt(number: Any) -> Any:
    """`math.isqrt(number)`."""
    if not isinstance(number, torch.SymInt):
        return math.isqrt(number)
    torch._check(number < _EXACT_ROOTS)
    return symbols.whole(symbols.square_root(torch.sym_float(number)))


@replaces_calls(math.fabs, why=_SPECIALIZES)
def fabs(number: Any) -> Any:
    """`math.fabs(number)`."""
    number = number_of(number)
    return abs(symbols.as_float(number)) if is_symbolic(number) else math.fabs(number)


@replaces_calls(math.pow, why="Export replaces it by `x ** y`, which is an integer for integers.")
def power(base: Any, exponent: Any) -> Any:
    """`math.pow(base, exponent)`."""
    base, exponent = number_of(base), number_of(exponent)
    if is_symbolic(base) or is_symbolic(exponent):
        return symbols.as_float(base) ** symbols.as_float(exponent)
    return math.pow(base, exponent)


@replaces_calls(math.radians, why=_SPECIALIZES)
def radians(number: Any) -> Any:
    """`math.radians(number)`."""
    number = number_of(number)
    return symbols.as_float(number) * (math.pi / 180) if is_symbolic(number) else math.radians(number)


@replaces_calls(math.degrees, why=_SPECIALIZES)
def degrees(number: Any) -> Any:
    """`math.degrees(number)`."""
    number = number_of(number)
    return symbols.as_float(number) * (180 / math.pi) if is_symbolic(number) else math.degrees(number)
