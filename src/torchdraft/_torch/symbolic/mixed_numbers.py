"""Symbolic numbers that are an int or a float, as data decides: `max(n / 4, 1)`.

Python returns the number that it chose, with its class. As a value the number is a float; where its class makes a
difference, the choice becomes a guard.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch


class MixedNumber(torch.SymFloat):
    """A symbolic float with the value of the number."""

    made = False
    """Whether there was one in this process. Before that nothing needs to look for them."""

    def __init__(self, value: torch.SymFloat, choose: Callable[[], Any]) -> None:
        """`choose` returns the number itself, under a guard."""
        super().__init__(value.node)
        self._choose = choose
        self._chosen: Any = None
        MixedNumber.made = True

    def chosen(self) -> Any:
        """The number with its class, under a guard."""
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    def __neg__(self) -> Any:
        return -self.chosen()

    def __pos__(self) -> Any:
        return +self.chosen()

    def __abs__(self) -> Any:
        return abs(self.chosen())

    def __index__(self) -> int:
        return operator.index(self.chosen())

    def __repr__(self) -> str:
        return repr(self.chosen())

    def __str__(self) -> str:
        return str(self.chosen())

    def __format__(self, spec: str) -> str:
        return format(self.chosen(), spec)

    def __round__(self, digits: Any = None) -> Any:
        return super().__round__() if digits is None else round(self.chosen(), digits)


def _define(name: str) -> None:
    """Defines an operator whose result is a float where the other operand is one, and else of the number's class."""
    reflected = name.startswith("r")
    operation = getattr(operator, name.removeprefix("r"))
    of_float = getattr(torch.SymFloat, f"__{name}__")

    def operate(self: MixedNumber, other: Any) -> Any:
        if isinstance(other, (float, torch.SymFloat)) and not isinstance(other, MixedNumber):
            return of_float(self, other)
        left, right = (other, self.chosen()) if reflected else (self.chosen(), other)
        return operation(left, right)

    setattr(MixedNumber, f"__{name}__", operate)


for _name in ("add", "sub", "mul", "floordiv", "mod", "pow"):
    _define(_name)
    _define(f"r{_name}")


def settled(args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments of an operation, with the chosen number in the place of a mixed one, unless a tensor of floats
    among them decides the dtype of the result.
    """
    values = (*args, *kwargs.values())
    if any(isinstance(v, torch.Tensor) and (v.is_floating_point() or v.is_complex()) for v in values):
        return args, kwargs
    return tuple(map(_settled, args)), {name: _settled(value) for name, value in kwargs.items()}


def _settled(value: Any) -> Any:
    if isinstance(value, MixedNumber):
        return value.chosen()
    if type(value) in (list, tuple):
        return type(value)(map(_settled, value))
    if type(value) is slice:
        return slice(*map(_settled, (value.start, value.stop, value.step)))
    return value
