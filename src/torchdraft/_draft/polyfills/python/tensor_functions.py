"""Calls of functions of `math` that torch computes of tensors, with a symbol or with a tensor that holds one number.

A tensor's logarithm can differ from Python's in its last digit. What such a number is rounded to is asserted not to
depend on that (`symbols.to_integer`).
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

_WHY = "A function of `math` takes the example's number, which is asserted. A tensor's function keeps it symbolic."
_LARGEST = 1.7e308
"""Floats up to this one are neither infinite nor NaN."""
_LARGEST_EXPONENT = 709.0
"""`exp` of a larger number raises `OverflowError`, while a tensor becomes infinite."""


def _of_tensor(function: Callable[[torch.Tensor], torch.Tensor], number: Any) -> Any:
    """A function of torch, of a number, as a number."""
    return symbols.inexact(function(symbols.as_tensor(number)).item())


@replaces_calls(math.log, why=_WHY)
def log(*args: Any) -> Any:
    """`math.log(number, base)`."""
    given = [number_of(arg) for arg in args]
    if not 1 <= len(given) <= 2 or not any(map(is_symbolic, given)):
        return math.log(*args)
    parts = [_log(torch.log, math.log, number) for number in given]
    return parts[0] if len(parts) == 1 else parts[0] / parts[1]


def _log(function: Callable[[torch.Tensor], torch.Tensor], original: Callable[[Any], float], number: Any) -> Any:
    number = number_of(number)
    if not is_symbolic(number):
        return original(number)
    torch._check(number > 0, lambda: "math domain error")
    return _of_tensor(function, number)


@replaces_calls(math.log10, why=_WHY)
def log10(number: Any) -> Any:
    """`math.log10(number)`."""
    return _log(torch.log10, math.log10, number)


@replaces_calls(math.log2, why=_WHY)
def log2(number: Any) -> Any:
    """`math.log2(number)`. Computed as Python computes it, of the exponent and of a number from 1 to 2, so that it is
    exact for powers of two, and rounded down as Python's for integers below 2**48.
    """
    number = number_of(number)
    if not is_symbolic(number):
        return math.log2(number)
    torch._check(number > 0, lambda: "math domain error")
    if isinstance(number, torch.SymInt):
        torch._check(number < 2**48, lambda: "math.log2 of an integer of 48 bits or more")
    mantissa, exponent = torch.frexp(symbols.as_tensor(number))
    whole = exponent.to(torch.float64) - 1
    found = torch.where(mantissa == 0.5, whole, whole + torch.log2(mantissa * 2)).item()
    return found if isinstance(number, torch.SymInt) else symbols.inexact(found)


@replaces_calls(math.log1p, why=_WHY)
def log1p(number: Any) -> Any:
    """`math.log1p(number)`."""
    number = number_of(number)
    if not is_symbolic(number):
        return math.log1p(number)
    torch._check(number > -1, lambda: "math domain error")
    return _of_tensor(torch.log1p, number)


@replaces_calls(math.exp, why=_WHY)
def exp(number: Any) -> Any:
    """`math.exp(number)`."""
    number = number_of(number)
    if not is_symbolic(number):
        return math.exp(number)
    torch._check(number <= _LARGEST_EXPONENT, lambda: "math range error")
    return _of_tensor(torch.exp, number)


def _periodic(function: Callable[[torch.Tensor], torch.Tensor], original: Callable[[Any], float], number: Any) -> Any:
    number = number_of(number)
    if not is_symbolic(number):
        return original(number)
    torch._check(number <= _LARGEST, lambda: "math domain error")
    torch._check(number >= -_LARGEST, lambda: "math domain error")
    return _of_tensor(function, number)


@replaces_calls(math.sin, why=_WHY)
def sin(number: Any) -> Any:
    """`math.sin(number)`."""
    return _periodic(torch.sin, math.sin, number)


@replaces_calls(math.cos, why=_WHY)
def cos(number: Any) -> Any:
    """`math.cos(number)`."""
    return _periodic(torch.cos, math.cos, number)


@replaces_calls(math.tanh, why=_WHY)
def tanh(number: Any) -> Any:
    """`math.tanh(number)`."""
    number = number_of(number)
    return _of_tensor(torch.tanh, number) if is_symbolic(number) else math.tanh(number)


@replaces_calls(math.atan, why=_WHY)
def atan(number: Any) -> Any:
    """`math.atan(number)`."""
    number = number_of(number)
    return _of_tensor(torch.atan, number) if is_symbolic(number) else math.atan(number)
