"""Prints sympy's expressions, with the functions that torch adds to them, as Python."""

# ruff: noqa: N802, N815 (sympy defines the names of the methods)

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter


class Code(Protocol):
    """The code that evaluates to a symbol; `expressions.SymbolCode` implements it."""

    @property
    def text(self) -> str:
        """The code."""

    @property
    def truth(self) -> bool:
        """Whether the code is a truth value."""

    @property
    def of(self) -> str:
        """The argument if the code is `int(…)`."""

    @property
    def operand(self) -> str:
        """The code if the symbol is an operand."""

    def alone(self, symbol: str) -> str:
        """The code if the symbol is the whole expression."""


@lru_cache(4096)
def _ordered_terms(expr: Any, order: str | None) -> tuple[Any, ...]:
    return tuple(StrPrinter()._as_ordered_terms(expr, order))


class PythonPrinter(StrPrinter):
    """A printer whose methods are selected by the name of an expression's class, so that torch is not needed."""

    printmethod = ""  # do not call the printing method of torch's functions (`_sympystr`)

    def __init__(self, names: Mapping[str, Code]) -> None:
        super().__init__()
        self.names = names

    def doprint(self, expr: Any) -> str:
        code = self.names.get(getattr(expr, "name", ""))
        return str(super().doprint(expr)) if code is None else code.alone(expr.name)

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
        own = _LEVELS.get(type(item).__name__)
        here = precedence(item) if own is None else PRECEDENCE[own]
        text = str(self._print(item))
        return f"({text})" if here < level or (not strict and here <= level) else text

    def _as_ordered_terms(self, expr: Any, order: str | None = None) -> list[Any]:
        """The terms of a sum, in the order of sympy. It evaluates each term for that, and guards share their sums."""
        return list(_ordered_terms(expr, order or self.order))

    def _print_Symbol(self, expr: Any) -> str:
        code = self.names.get(expr.name)
        return str(expr.name) if code is None else code.operand

    def _print_Relational(self, expr: Any) -> str:
        if (code := self._truth(expr)) is not None:
            return code
        left, right = (self.parenthesize(side, PRECEDENCE["Relational"]) for side in (expr.lhs, expr.rhs))
        return f"{left} {expr.rel_op} {right}"

    _print_Equality = _print_Unequality = _print_Relational

    def _truth(self, expr: Any) -> str | None:
        """`x.any()` for `Eq(u0, 1)`, if `u0` is the truth value of `x.any()`."""
        code = self.names.get(getattr(expr.lhs, "name", ""))
        if code is None or not code.truth or expr.rhs not in (0, 1) or expr.rel_op not in ("==", "!="):
            return None
        return code.text if (expr.rel_op == "==") == (expr.rhs == 1) else f"not {code.operand}"

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
        code = self.names.get(getattr(expr.args[0], "name", ""))
        return code.text if code is not None and code.of else self._call(expr, "int")

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
