"""Expressions of sizes: their value for a call, their Python code, and their simplification with sympy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

Numbers = Mapping[str, Any]
"""Code → a number, or an array with its values in several calls."""


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression: a term (its code), a constant, or an operation on two expressions."""

    op: str
    """`term`, `constant`, or a key of `OPERATIONS`."""
    parts: tuple[Any, ...]

    @property
    def size(self) -> int:
        """How many terms, constants and operations it has."""
        return 1 + sum(part.size for part in self.parts if isinstance(part, Expr))

    @property
    def rank(self) -> tuple[int, int, int]:
        """Orders expressions with equal values: the small ones first, then those that read few terms and that use the
        operations that everybody writes.
        """
        inner = [part.rank for part in self.parts if isinstance(part, Expr)]
        unusual = self.op in ("ceil", "min", "max", "broadcast")
        return (
            self.size,
            (self.op == "term") + sum(part[1] for part in inner),
            unusual + sum(part[2] for part in inner),
        )

    def value(self, numbers: Numbers) -> Any:
        """The value, where the terms have these values. Raises `KeyError` for a term without one."""
        if self.op == "term":
            return numbers[self.parts[0]]
        if self.op == "constant":
            return self.parts[0]
        left, right = (part.value(numbers) for part in self.parts)
        return OPERATIONS[self.op](left, right)

    def terms(self) -> set[str]:
        """The code of the terms."""
        if self.op == "term":
            return {self.parts[0]}
        return set().union(*(part.terms() for part in self.parts if isinstance(part, Expr)))

    def code(self) -> str:
        """Python code, simplified."""
        return _code(self)

    def __add__(self, other: Expr) -> Expr:
        return Expr("+", (self, other))

    def __sub__(self, other: Expr) -> Expr:
        return Expr("-", (self, other))

    def __mul__(self, other: Expr) -> Expr:
        return Expr("*", (self, other))

    def __floordiv__(self, other: Expr) -> Expr:
        return Expr("//", (self, other))


def term(code: str) -> Expr:
    """A number of the call."""
    return Expr("term", (code,))


def constant(number: int) -> Expr:
    """A number."""
    return Expr("constant", (int(number),))


def _divided(left: Any, right: Any) -> Any:
    """The floor of a quotient. A division by 0 gives a value that no size has."""
    if right if type(right) is int else np.all(right):
        return left // right
    safe = np.where(np.asarray(right) == 0, 1, right)
    return np.where(np.asarray(right) == 0, IMPOSSIBLE, np.asarray(left) // safe)


IMPOSSIBLE = -(1 << 40)
"""Stands for the value of an expression that has none."""

OPERATIONS: dict[str, Any] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "//": _divided,
    "ceil": lambda left, right: -_divided(-left, right),
    "min": np.minimum,
    "max": np.maximum,
    "broadcast": lambda left, right: np.where(np.asarray(left) == 1, right, left),
}


class _Floor(sympy.Function):
    """A floor division that sympy leaves as it is."""

    is_integer = True
    precedence = PRECEDENCE["Mul"]  # in a product it is put in parentheses, in a sum it is not


class _Ceil(_Floor):
    """A ceiling division."""

    precedence = PRECEDENCE["Mul"] - 1  # a minus comes first


class _Broadcast(_Floor):
    """The size of two broadcast dimensions."""

    precedence = PRECEDENCE["Atom"]


_CLASSES = {"//": _Floor, "ceil": _Ceil, "min": sympy.Min, "max": sympy.Max, "broadcast": _Broadcast}


class _Printer(StrPrinter):
    """Prints sympy's expressions as Python code that accepts SymInts."""

    def _print__Floor(self, expr: Any) -> str:  # noqa: N802 -- sympy calls it by the name of the class
        return f"{self._factor(expr.args[0])} // {self._factor(expr.args[1])}"

    def _print__Ceil(self, expr: Any) -> str:  # noqa: N802
        return f"-(-{self._factor(expr.args[0])} // {self._factor(expr.args[1])})"

    def _print__Broadcast(self, expr: Any) -> str:  # noqa: N802
        left, right = map(self._print, expr.args)
        return f"torch.broadcast_shapes(({left},), ({right},))[0]"

    def _print_Max(self, expr: Any) -> str:  # noqa: N802
        return self._nested("torch.sym_max", expr.args)

    def _print_Min(self, expr: Any) -> str:  # noqa: N802
        return self._nested("torch.sym_min", expr.args)

    def _print_Add(self, expr: Any, order: Any = None) -> str:  # noqa: N802
        """A sum with its positive parts first and its number last."""
        del order
        parts = sorted(expr.args, key=lambda part: (bool(part.is_Number), bool(part.could_extract_minus_sign())))
        text = ""
        for part in parts:
            minus = part.could_extract_minus_sign()
            level = precedence(expr) if text or not minus else PRECEDENCE["Mul"]  # `-a // b` is `(-a) // b`
            shown = self.parenthesize(-part if minus else part, level)
            text += (" - " if minus else " + ") + shown if text else ("-" if minus else "") + shown
        return text

    def _print_Mul(self, expr: Any) -> str:  # noqa: N802
        """A product. The negative of a quotient needs parentheses, which sympy leaves out."""
        number, rest = expr.as_coeff_Mul()
        if number == -1 and not rest.is_Mul:
            return f"-{self.parenthesize(rest, PRECEDENCE['Mul'])}"
        return str(super()._print_Mul(expr))

    def _nested(self, name: str, args: Any) -> str:
        first, *others = map(self._print, args)
        for other in others:
            first = f"{name}({first}, {other})"
        return str(first)

    def _factor(self, expr: Any) -> str:
        text = self._print(expr)
        return (
            text
            if isinstance(expr, (_Broadcast, sympy.Max, sympy.Min))
            or (expr.is_Atom and expr.is_nonnegative is not False)
            else f"({text})"
        )


@lru_cache(maxsize=4096)
def _code(expr: Expr) -> str:
    ordered = sorted(expr.terms(), key=lambda code: (".shape[" not in code, code))  # sums begin with sizes
    names = {code: sympy.Symbol(f"term{i}", integer=True) for i, code in enumerate(ordered)}
    plain = _sympy(expr, names)
    forms = (plain, sympy.expand(plain), sympy.factor(plain))
    best = min(forms, key=lambda form: (sympy.count_ops(form), len(str(form))))
    text = _Printer({"order": "none"}).doprint(best)
    for code, symbol in sorted(names.items(), key=lambda item: -len(str(item[1]))):
        text = text.replace(str(symbol), code)
    if text.startswith("(") and text.endswith(")") and _is_one_group(text):
        text = text[1:-1]
    return text


def _is_one_group(text: str) -> bool:
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def _sympy(expr: Expr, names: Mapping[str, Any]) -> Any:
    if expr.op == "term":
        return names[expr.parts[0]]
    if expr.op == "constant":
        return sympy.Integer(expr.parts[0])
    left, right = (_sympy(part, names) for part in expr.parts)
    if expr.op in "+-*":
        return OPERATIONS[expr.op](left, right)
    if expr.op == "//" and right == 1:
        return left
    return _CLASSES[expr.op](left, right)
