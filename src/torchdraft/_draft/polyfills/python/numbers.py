"""Calls of Python's functions of numbers: with a symbol, or with a tensor that holds one number, the result is a
symbol where Python's function would insist on a number, which specializes the program to the example's.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from functools import partial, reduce
from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.symbolic.mixed_numbers import MixedNumber
from torchdraft._torch.symbolic.shapes import SYMBOLIC

from .calls import replaces_calls
from .symbols import LARGER, SMALLER, Order, as_float, is_from_data, rounded, whole

acts_for_caller(__file__)


def number_of(value: Any) -> Any:
    """The symbol for the number that a tensor holds; anything else as it is.

    A tensor that may hold several numbers, or a complex one, is returned as well: Python's function raises for it, or
    asserts its value.
    """
    if isinstance(value, FakeTensor) and not value.dtype.is_complex and _holds_one(value):
        return value.item()
    return value


def _holds_one(tensor: torch.Tensor) -> bool:
    return all(type(size) is builtins.int and size == 1 for size in tensor.shape)


def is_symbolic(value: Any) -> bool:
    """Whether a value is a symbolic number."""
    return isinstance(value, SYMBOLIC)


@replaces_calls(
    builtins.int,
    why="`int(n)` of a symbol is asserted to be the example's number, and a tensor in it is read.",
)
def to_int(*args: Any, **kwargs: Any) -> Any:
    """`int(number)`."""
    if len(args) != 1 or kwargs:
        return builtins.int(*args, **kwargs)
    number = number_of(args[0])
    return whole(number) if is_symbolic(number) else builtins.int(number)


@replaces_calls(
    builtins.float,
    why="`float(n)` of a symbol is asserted to be the example's number, and a tensor in it is read.",
)
def to_float(*args: Any, **kwargs: Any) -> Any:
    """`float(number)`."""
    if len(args) != 1 or kwargs:
        return builtins.float(*args, **kwargs)
    number = number_of(args[0])
    return as_float(number) if is_symbolic(number) else builtins.float(number)


@replaces_calls(
    builtins.round,
    why="Rounded to no or many digits, a symbol gives an operation that a file cannot store, or none at all.",
)
def to_nearest(number: Any, ndigits: Any = None) -> Any:
    """`round(number, ndigits)`."""
    if not is_symbolic(number) and not is_symbolic(ndigits):
        return builtins.round(number, ndigits)
    return rounded(number, None if ndigits is None else builtins.int(ndigits))


@replaces_calls(divmod, why="A symbol has no `divmod`.")
def quotient_and_remainder(number: Any, divisor: Any) -> Any:
    """`divmod(number, divisor)`."""
    if is_symbolic(number) or is_symbolic(divisor):
        return number // divisor, number % divisor
    return divmod(number, divisor)


@replaces_calls(builtins.pow, why="A symbol has no power modulo a number.")
def power(base: Any, exp: Any, mod: Any = None) -> Any:
    """`pow(base, exp, mod)`."""
    integers = all(isinstance(value, (builtins.int, torch.SymInt)) for value in (base, exp, mod))
    if mod is not None and integers and any(map(is_symbolic, (base, exp, mod))) and exp >= 0:
        return base**exp % mod
    return builtins.pow(base, exp) if mod is None else builtins.pow(base, exp, mod)


_ORDER = "Python compares the numbers, and the program is valid for their order in the example only."
"""Of an int and a float Python returns the one that it chose, with its class: the result is a `MixedNumber`."""


@replaces_calls(builtins.max, why=_ORDER)
def largest(*args: Any, **kwargs: Any) -> Any:
    """`max(numbers)`."""
    return _extreme("max", LARGER, args, kwargs)


@replaces_calls(builtins.min, why=_ORDER)
def smallest(*args: Any, **kwargs: Any) -> Any:
    """`min(numbers)`."""
    return _extreme("min", SMALLER, args, kwargs)


def _extreme(name: str, order: Order, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The first number in an order."""
    values = args
    if len(args) == 1 and isinstance(args[0], Iterable) and not isinstance(args[0], torch.Tensor):
        values = tuple(args[0])
        args = (values,)
    original = partial(getattr(builtins, name), *args, **kwargs)
    if kwargs or len(values) < 2 or not any(map(is_symbolic, values)):
        return original()
    if all(isinstance(v, torch.SymInt) or type(v) is builtins.int for v in values):
        return reduce(order.of_integers, values)
    if not all(map(_is_exact_float, values)):
        return original()
    out = reduce(order.of_floats, [v if type(v) is builtins.float else as_float(v) for v in values])
    mixed = any(isinstance(v, (builtins.int, torch.SymInt, MixedNumber)) for v in values)
    return MixedNumber(out, original) if mixed and isinstance(out, torch.SymFloat) else out


def _is_exact_float(value: Any) -> bool:
    """Whether a number is a float, or an integer that a float represents exactly."""
    if isinstance(value, torch.SymInt):
        return not is_from_data(value)
    return (
        isinstance(value, torch.SymFloat)
        or type(value) is builtins.float
        or (type(value) is int and abs(value) < 2**53)
    )


_MAPPED: dict[Any, Any] = {builtins.int: to_int, builtins.float: to_float, builtins.round: to_nearest}


@replaces_calls(map, why="`map(int, sizes)` calls the class and not its replacement.")
def mapped(function: Any, *iterables: Any) -> Any:
    """`map(function, *iterables)`."""
    return map(_MAPPED.get(function, function) if _hashable(function) else function, *iterables)


def _hashable(function: Any) -> bool:
    return function.__hash__ is not None
