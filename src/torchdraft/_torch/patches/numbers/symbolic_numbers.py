"""Patches of operations on symbolic numbers: hash, text, conversion to a plain number, comparison.

Frames of this file act on behalf of their caller (`torchdraft._stack.guard_origin`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

import sympy
import torch

from torchdraft._torch.patching.registry import Target, patches
from torchdraft._torch.patching.scopes import TRACE
from torchdraft._torch.symbolic.shapes import QUOTIENT


class SymbolTextHooks(Protocol):
    """Decides what the text of a symbolic number shows."""

    def use(self, frames_up: int) -> Literal["used", "shown", "other"]:
        """What the frame `frames_up` above the caller does with a text: the user's code uses it, or only shows it."""

    def asserted(self, number: Any, made: Callable[[Any], Any]) -> AbstractContextManager[None]:
        """A context in which a number is evaluated under an assertion that leaves what is `made` of it as it is."""

    def shown(self, number: Any) -> Any:
        """The real value of a symbolic number, to be shown; None where it is unknown."""

    def hashed(self) -> None:
        """Called before a symbolic number is hashed."""


_PLAIN: dict[Any, Any] = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}
_NAMES = ("SymInt", "SymFloat", "SymBool")


@patches(
    "torch:SymInt.__hash__",
    scope=TRACE,
    why='Upstream raises "unhashable type" where a size is the key of a dictionary. Eager hashes an `int`.',
)
def symints_hashed(original: Any, texts: SymbolTextHooks) -> Any:
    """Hashes a SymInt by its value, under a guard."""

    def hash_symint(self: torch.SymInt) -> int:
        if self.node.is_nested_int():
            return original(self)
        texts.hashed()
        return hash(int(self))

    return hash_symint


@patches(
    *(f"torch:SymFloat.{name}" for name in ("__hash__", "as_integer_ratio")),
    scope=TRACE,
    why="The guard on a float lets rounding pass. What these make of a float differs for its neighbours, so it is "
    "asserted exactly.",
)
def floats_told_apart(original: Callable[[Any], Any], texts: SymbolTextHooks) -> Callable[[Any], Any]:
    """Asserts a float exactly where Python distinguishes it from every other."""

    def call(self: Any) -> Any:
        with texts.asserted(self, lambda value: value):
            return original(self)

    return call


_TEXTS = (
    "In the user's code upstream writes the symbol's name, which differs from eager silently, and raises for a format "
    "such as `.3f`. A text that is only shown takes the value without a guard."
)


@patches(*(f"torch:{cls}.__format__" for cls in _NAMES), scope=TRACE, why=_TEXTS)
def symbols_formatted(_original: Any, texts: SymbolTextHooks) -> Callable[[Any, str], str]:
    """Formats a symbolic number as its value."""

    def format_symbolic(self: Any, spec: str) -> str:
        return format(_number_or_name(self, texts, lambda number: format(number, spec)), spec)

    return format_symbolic


@patches(*(f"torch:{cls}.{name}" for cls in _NAMES for name in ("__str__", "__repr__")), scope=TRACE, why=_TEXTS)
def symbols_written(_original: Any, texts: SymbolTextHooks) -> Callable[[Any], str]:
    """Writes a symbolic number as its value."""

    def write_symbolic(self: Any) -> str:
        return str(_number_or_name(self, texts, str))

    return write_symbolic


def _number_or_name(number: Any, texts: SymbolTextHooks, text: Callable[[Any], str]) -> Any:
    """The value that a text shows; the symbol's name where the text is not the user's."""
    use = texts.use(2)
    if use == "used":
        with texts.asserted(number, text):
            return _PLAIN[type(number)](number)
    value = texts.shown(number) if use == "shown" else None
    return str(number.node) if value is None else value


@patches(
    "torch:SymFloat.__float__",
    "torch:SymInt.__int__",
    scope=TRACE,
    why='`"%.3f" % loss` converts a symbolic number, which evaluates a guard although the text is only shown.',
)
def shown_symbols_converted(original: Callable[[Any], Any], texts: SymbolTextHooks, target: Target) -> Any:
    """Converts a symbolic number without a guard where the result is only shown."""
    kind = _PLAIN[target.owner]

    def convert(self: Any) -> Any:
        number = texts.shown(self) if texts.use(1) == "shown" else None
        return original(self) if number is None else kind(number)

    return convert


@patches(
    "torch:SymInt.__truediv__",
    "torch:SymInt.__rtruediv__",
    scope=TRACE,
    why="`int(n / 2)` is `n // 2` for every size, and only the latter can be compared with other sizes. A SymFloat "
    "does not say which integers it was computed from.",
)
def quotients_noted(original: Callable[[Any, Any], Any], target: Target) -> Callable[[Any, Any], Any]:
    """Notes the dividend and the divisor of a quotient of two integers in the result (`shapes.quotient_of`)."""
    reflected = target.name.startswith("__r")

    def divide(self: torch.SymInt, other: Any) -> Any:
        out = original(self, other)
        if isinstance(out, torch.SymFloat) and (type(other) is int or isinstance(other, torch.SymInt)):
            setattr(out, QUOTIENT, (other, self) if reflected else (self, other))
        return out

    return divide


@patches(
    "torch:SymFloat.__bool__",
    scope=TRACE,
    why="`if loss:` of a float read from a tensor is asserted as the float's value: upstream evaluates the number.",
)
def floats_compared_with_zero(_original: Any) -> Callable[[Any], bool]:
    """Evaluates whether the number is 0."""
    return lambda number: bool(number != 0)


@patches(
    "torch:SymFloat.__pow__",
    scope=TRACE,
    why="Upstream asserts that the base is not negative, which ends the trace of `f ** 2` where it is.",
)
def negative_floats_raised(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Computes a power with a whole exponent from that of the absolute value, which differs in its sign alone."""

    def power(self: torch.SymFloat, exponent: Any) -> Any:
        whole = type(exponent) in (int, float) and exponent == exponent // 1
        if not whole or self.node.expr.is_nonnegative:
            return original(self, exponent)
        size = original(abs(self), exponent)
        return size if exponent % 2 == 0 else torch.sym_ite(self < 0, -size, size)

    return power


@patches(
    *(
        f"torch:{cls}.__{reflected}{name}__"
        for cls in ("SymInt", "SymFloat")
        for name in ("floordiv", "mod")
        for reflected in ("", "r")
    ),
    scope=TRACE,
    why="Upstream rounds the quotient of floats down, so `1.0 // 0.1` is 10.0 in the program and 9.0 in Python, which "
    "takes the exact quotient. It takes the remainder of floats for an integer: `f % 1.0 == 0` holds for every float.",
)
def floats_divided_as_python(original: Callable[[Any, Any], Any], target: Target) -> Callable[[Any, Any], Any]:
    """Computes the integer quotient and the remainder of two floats with operations on tensors, which do what Python
    does. The result is a symbol of its own.
    """
    reflected = target.name.startswith("__r")
    operation = torch.remainder if "mod" in target.name else torch.floor_divide
    integers = (int, torch.SymInt, torch.SymBool)

    def divide(self: Any, other: Any) -> Any:
        is_float = isinstance(other, (float, torch.SymFloat)) or (
            isinstance(self, torch.SymFloat) and isinstance(other, integers)
        )
        if not is_float:
            return original(self, other)
        number, divisor = (other, self) if reflected else (self, other)
        torch._check(divisor != 0)
        return operation(_double(number), _double(divisor)).item()

    return divide


def _double(number: Any) -> torch.Tensor:
    return torch.scalar_tensor(torch.sym_float(number), dtype=torch.float64, device="cpu")


_RELATIONS: dict[str, Any] = {name: getattr(sympy, name.capitalize()) for name in ("eq", "ne", "ge", "gt", "le", "lt")}


@patches(
    *(f"torch.fx.experimental.sym_node:SymNode.{name}" for name in _RELATIONS),
    scope=TRACE,
    why="A size is a positive symbol for sympy, so `x.shape[0] == 0` is false at once and no guard is evaluated, "
    "although the program may be called with an empty tensor.",
)
def decided_comparisons_reported(
    original: Callable[[Any, Any], Any], on_decided: Callable[[Any, Any], None], target: Target
) -> Callable[[Any, Any], Any]:
    """Calls `on_decided(condition, outcome)` for comparisons that sympy decides without the shape environment."""
    relation = _RELATIONS[target.name]

    def compare(self: Any, other: Any) -> Any:
        out = original(self, other)
        decided = getattr(out, "_expr", None)
        if (decided is sympy.true or decided is sympy.false) and self._expr.free_symbols:
            on_decided(relation(self._expr, other._expr, evaluate=False), decided)
        return out

    return compare
