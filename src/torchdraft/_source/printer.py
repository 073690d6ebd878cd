"""Writes sympy's expressions, and the functions that torch adds to them, as Python."""

# ruff: noqa: N802, N815 (the names of the methods are sympy's)

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter


class Named(Protocol):
    """What a symbol is called."""

    @property
    def text(self) -> str:
        """The code that made it."""

    @property
    def truth(self) -> bool:
        """Whether it stands for a truth value."""

    @property
    def of(self) -> str:
        """What stands in the brackets, where the text is `int(…)`."""

    @property
    def operand(self) -> str:
        """The text where it stands among operators."""

    def alone(self, symbol: str) -> str:
        """The text where nothing stands around the symbol."""


class PythonPrinter(StrPrinter):
    """Methods are found by the name of an expression's class, so that torch need not be here."""

    printmethod = ""  # torch's functions have a way of their own to be written (`_sympystr`)

    def __init__(self, names: Mapping[str, Named]) -> None:
        super().__init__()
        self.names = names

    def doprint(self, expr: Any) -> str:
        words = self.names.get(getattr(expr, "name", ""))
        return str(super().doprint(expr)) if words is None else words.alone(expr.name)

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
        own = _LEVELS.get(type(item).__name__)
        here = precedence(item) if own is None else PRECEDENCE[own]
        text = str(self._print(item))
        return f"({text})" if here < level or (not strict and here <= level) else text

    def _print_Symbol(self, expr: Any) -> str:
        words = self.names.get(expr.name)
        return str(expr.name) if words is None else words.operand

    def _print_Relational(self, expr: Any) -> str:
        if (words := self._truth(expr)) is not None:
            return words
        left, right = (self.parenthesize(side, PRECEDENCE["Relational"]) for side in (expr.lhs, expr.rhs))
        return f"{left} {expr.rel_op} {right}"

    _print_Equality = _print_Unequality = _print_Relational

    def _truth(self, expr: Any) -> str | None:
        """`x.any()` for `Eq(u0, 1)`, where `u0` is the truth of `x.any()`."""
        words = self.names.get(getattr(expr.lhs, "name", ""))
        if words is None or not words.truth or expr.rhs not in (0, 1) or expr.rel_op not in ("==", "!="):
            return None
        return words.text if (expr.rel_op == "==") == (expr.rhs == 1) else f"not {words.operand}"

    def _joined(self, expr: Any, word: str, level: str) -> str:
        return f" {word} ".join(sorted(self.parenthesize(a, PRECEDENCE[level]) for a in expr.args))

    def _call(self, expr: Any, name: str) -> str:
        return f"{name}({', '.join(self._print(a) for a in expr.args)})"

    def _print_And(self, expr: Any) -> str:
        return self._joined(expr, "and", "And")

    def _print_Or(self, expr: Any) -> str:
        return self._joined(expr, "or", "Or")

    def _print_Not(self, expr: Any) -> str:
        return f"not {self.parenthesize(expr.args[0], PRECEDENCE['Not'])}"

    def _print_Float(self, expr: Any) -> str:
        return repr(float(expr))

    def _print_TruncToInt(self, expr: Any) -> str:
        words = self.names.get(getattr(expr.args[0], "name", ""))
        return words.text if words is not None and words.of else self._call(expr, "int")

    def _print_ToFloat(self, expr: Any) -> str:
        return str(self._print(expr.args[0]))

    _print_Identity = _print_ToFloat

    def _print_Where(self, expr: Any) -> str:
        condition, yes, no = map(self._print, expr.args)
        return f"({yes} if {condition} else {no})"

    def _print_Function(self, expr: Any) -> str:
        name = type(expr).__name__
        if name not in _INFIX:
            return self._call(expr, _CALLS.get(name, re.sub(r"^OpaqueUnaryFn_", "math.", name)))
        sign, level = _INFIX[name]
        left = self.parenthesize(expr.args[0], PRECEDENCE[level], strict=True)
        return f"{left} {sign} {self.parenthesize(expr.args[1], PRECEDENCE[level])}"

    _print_Mod = _print_Max = _print_Min = _print_Function

    def emptyPrinter(self, expr: Any) -> str:
        return self._print_Function(expr) if expr.args else str(expr)


_INFIX = {
    "FloorDiv": ("//", "Mul"),
    "CleanDiv": ("//", "Mul"),
    "PythonMod": ("%", "Mul"),
    "Mod": ("%", "Mul"),
    "IntTrueDiv": ("/", "Mul"),
    "FloatTrueDiv": ("/", "Mul"),
    "PowByNatural": ("**", "Pow"),
    "FloatPow": ("**", "Pow"),
}
_LEVELS = {name: level for name, (_, level) in _INFIX.items()} | {"ToFloat": "Atom", "Identity": "Atom"}
_CALLS = {
    "CeilToInt": "math.ceil",
    "FloorToInt": "math.floor",
    "RoundToInt": "round",
    "RoundDecimal": "round",
    "TruncToFloat": "math.trunc",
    "TruncToInt": "int",
    "Max": "max",
    "Min": "min",
    "Abs": "abs",
}
