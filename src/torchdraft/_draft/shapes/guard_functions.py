"""Conditions on sizes, as Python functions: sympy takes a hundred times as long to say what one is at some size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy


class Conditions:
    """What conditions say at other sizes than the example's. Each is compiled once."""

    def __init__(self, sizes: Mapping[Any, Any], otherwise: Callable[[Any, Any, int], Any]) -> None:
        self.sizes = sizes
        self.otherwise = otherwise
        """Answers for conditions that are more than arithmetic of whole numbers."""
        self._compiled: dict[Any, Callable[..., Any] | None] = {}

    def outcome(self, condition: Any, symbol: Any, size: int) -> Any:
        """What `condition` says where `symbol` is `size`; None where it says nothing."""
        if condition not in self._compiled:
            self._compiled[condition] = _compiled(condition, self.sizes)
        function = self._compiled[condition]
        if function is None:
            return self.otherwise(condition, symbol, size)
        given = {other.name: int(self.sizes[other]) for other in condition.free_symbols}
        try:
            return function(**given | ({symbol.name: size} if symbol.name in given else {}))
        except ZeroDivisionError:  # a remainder by 0
            return None


def _compiled(condition: Any, sizes: Mapping[Any, Any]) -> Callable[..., Any] | None:
    symbols = condition.free_symbols
    if not all(symbol in sizes and symbol.name.isidentifier() for symbol in symbols):
        return None
    source = python_source(condition)
    if source is None:
        return None
    function: Callable[..., Any] = eval(f"lambda {', '.join(s.name for s in symbols)}: {source}", dict(_FUNCTIONS))
    return function


def python_source(expr: Any) -> str | None:
    """An expression as Python; None where it is more than arithmetic of whole numbers."""
    if expr.is_Symbol:
        return str(expr.name)
    if expr.is_Integer:
        return f"({int(expr)})"
    if expr in (sympy.true, sympy.false):
        return str(bool(expr))
    word = _WORDS.get(type(expr).__name__) or getattr(expr, "rel_op", None)
    parts = [python_source(part) for part in expr.args]
    if word is None or None in parts or (expr.is_Pow and not (expr.exp.is_Integer and expr.exp > 0)):
        return None
    if word in _FUNCTIONS:
        return f"{word}({', '.join(map(str, parts))})"
    return f"(not {parts[0]})" if word == "not" else f"({f' {word} '.join(map(str, parts))})"


_FUNCTIONS = {"min": min, "max": max}
_ARITHMETIC = {"Add": "+", "Mul": "*", "Pow": "**", "PowByNatural": "**", "FloorDiv": "//", "CleanDiv": "//"}
_WORDS = _ARITHMETIC | {
    "Mod": "%",
    "PythonMod": "%",
    "Max": "max",
    "Min": "min",
    "And": "and",
    "Or": "or",
    "Not": "not",
}
