"""Conversions of symbolic numbers that give a symbol, with exactly the value that Python's conversion has."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch.symbolic.mixed_numbers import MixedNumber
from torchdraft._torch.symbolic.shapes import is_unbacked, quotient_of

acts_for_caller(__file__)

_EXACT_DIGITS = range(1, 8)
"""Digits for which `finish/saving/integer_rounding.py` expresses `round(number, digits)` exactly."""


def whole(number: Any) -> Any:
    """`int(number)` of a symbol."""
    if isinstance(number, torch.SymInt):
        return number
    if isinstance(number, torch.SymBool):
        return chosen(number, 1, 0)
    parts = _sizes_divided(number)
    if parts is not None:
        return parts[0] // parts[1]
    return to_integer(math.trunc, number)


def floor(number: Any) -> Any:
    """`math.floor(number)` of a symbol."""
    if not isinstance(number, torch.SymFloat):
        return whole(number)
    parts = _sizes_divided(number)
    return to_integer(math.floor, number) if parts is None else parts[0] // parts[1]


def ceil(number: Any) -> Any:
    """`math.ceil(number)` of a symbol."""
    if not isinstance(number, torch.SymFloat):
        return whole(number)
    parts = _sizes_divided(number)
    return to_integer(math.ceil, number) if parts is None else -(-parts[0] // parts[1])


def as_float(number: Any) -> Any:
    """`float(number)` of a symbol."""
    if isinstance(number, MixedNumber):
        return torch.SymFloat(number.node)
    return chosen(number, 1.0, 0.0) if isinstance(number, torch.SymBool) else torch.sym_float(number)


def rounded(number: Any, digits: int | None) -> Any:
    """`round(number, digits)`."""
    if isinstance(number, MixedNumber) and digits is not None:
        number = number.chosen()
    if isinstance(number, torch.SymInt):
        return number if digits is None or digits >= 0 else round(int(number), digits)
    if isinstance(number, torch.SymFloat):
        if digits is None:
            return to_integer(round, number)
        return round(number, digits) if digits in _EXACT_DIGITS else round(float(number), digits)
    return round(number, digits)


def chosen(condition: Any, one: Any, other: Any) -> Any:
    """`one if condition else other`, as a symbol."""
    if isinstance(condition, torch.SymBool):
        return torch.sym_ite(condition, one, other)
    return one if condition else other


@dataclass(frozen=True, slots=True)
class Order:
    """`max` or `min` of two numbers of one class."""

    of_integers: Callable[[Any, Any], Any]
    on_tensors: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    """Returns the other number where one is NaN."""
    replaces: Callable[[Any, Any], Any]
    """Whether Python takes the second number and not the first."""

    def of_floats(self, first: Any, second: Any) -> Any:
        """The number that Python takes. Where one of them is NaN, it is the first."""
        if type(first) is float and type(second) is float:
            return second if self.replaces(second, first) else first
        if type(second) is float or not is_from_data(second):
            return self.of_integers(first, second)  # it is that of any numbers; torch puts the symbol first
        if isinstance(first, torch.SymFloat):
            return chosen(self.replaces(second, first), second, first)
        return self.on_tensors(as_tensor(first), as_tensor(second)).item()


LARGER = Order(torch.sym_max, torch.fmax, operator.gt)
SMALLER = Order(torch.sym_min, torch.fmin, operator.lt)


def as_tensor(number: Any) -> torch.Tensor:
    """A tensor without dimensions that holds a number as a float of Python."""
    return torch.scalar_tensor(number, dtype=torch.float64, device="cpu")


def is_from_data(number: Any) -> bool:
    """Whether data decides a symbolic number, and not the sizes of inputs alone."""
    return any(is_unbacked(symbol) for symbol in number.node.expr.free_symbols)


def square_root(number: torch.SymFloat) -> torch.SymFloat:
    """`math.sqrt(number)`, which is exactly rounded, as that of a tensor is.

    The result is a symbol of its own: a program in which `torch.sym_sqrt` of a size is part of another size can be
    saved, but not loaded.
    """
    torch._check(number >= 0)
    root: torch.SymFloat = torch.sqrt(as_tensor(number)).item()
    return root


def to_integer(rounding: Callable[[Any], Any], number: torch.SymFloat) -> Any:
    """The integer that a float converts to.

    Of a float that data decides it is a symbol of its own: assertions and sizes can name it, and torch's reasoning
    about sizes applies to it. As Python, the program raises where the float is infinite or not a number, and also
    where the integer does not fit into 64 bits.
    """
    if is_inexact(number):
        return rounding(float(number))  # an error of the last digit can give another integer
    integer = rounding(number)
    if not isinstance(integer, torch.SymInt) or not is_from_data(integer):
        return integer
    return torch.scalar_tensor(integer, dtype=torch.int64, device="cpu").item()


def inexact(number: Any) -> Any:
    """The number, noted as one that can differ from Python's in its last digit."""
    number.node.shape_env.inexact.update(number.node.expr.free_symbols)
    return number


def is_inexact(number: Any) -> bool:
    """Whether a number was computed of one that can differ from Python's."""
    env, expr = number.node.shape_env, number.node.expr
    return not expr.free_symbols.isdisjoint(getattr(env, "inexact", ()))


def _sizes_divided(number: torch.SymFloat) -> tuple[Any, Any] | None:
    """The sizes of inputs that were divided to give a number: a quotient of integers below 2**53, rounded down, is
    their integer quotient, which shapes can be compared with.
    """
    parts = quotient_of(number)
    return parts if parts is not None and all(map(_is_size, parts)) else None


def _is_size(value: Any) -> bool:
    """Whether a value is positive, and made from sizes of inputs alone."""
    if type(value) is int:
        return 0 < value < 2**31
    return bool(value.node.expr.is_nonnegative) and not is_from_data(value)
