"""Patches of operations on symbolic numbers: hash, text, conversion to a plain number, comparison.

Frames of this file act on behalf of their caller (`torchdraft._stack.guard_origin`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import sympy
import torch

from torchdraft._torch.patching.registry import Target, patches
from torchdraft._torch.patching.scopes import TRACE


class SymbolTextHooks(Protocol):
    """Decides what the text of a symbolic number shows."""

    def use(self, frames_up: int) -> Literal["used", "shown", "other"]:
        """What the frame `frames_up` above the caller does with a text: the user's code uses it, or only shows it."""

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


_TEXTS = (
    "In the user's code upstream writes the symbol's name, which differs from eager silently, and raises for a format "
    "such as `.3f`. A text that is only shown takes the value without a guard."
)


@patches(*(f"torch:{cls}.__format__" for cls in _NAMES), scope=TRACE, why=_TEXTS)
def symbols_formatted(_original: Any, texts: SymbolTextHooks) -> Callable[[Any, str], str]:
    """Formats a symbolic number as its value."""

    def format_symbolic(self: Any, spec: str) -> str:
        return format(_number_or_name(self, texts), spec)

    return format_symbolic


@patches(*(f"torch:{cls}.{name}" for cls in _NAMES for name in ("__str__", "__repr__")), scope=TRACE, why=_TEXTS)
def symbols_written(_original: Any, texts: SymbolTextHooks) -> Callable[[Any], str]:
    """Writes a symbolic number as its value."""

    def write_symbolic(self: Any) -> str:
        return str(_number_or_name(self, texts))

    return write_symbolic


def _number_or_name(number: Any, texts: SymbolTextHooks) -> Any:
    """The value that a text shows; the symbol's name where the text is not the user's."""
    use = texts.use(2)
    if use == "used":
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
