"""Guards on sizes, compiled to Python functions: evaluating them with sympy takes a hundred times as long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy


class CompiledGuards:
    """Evaluates guards at other sizes than the example's. Each guard is compiled once."""

    def __init__(self, sizes: Mapping[Any, Any], otherwise: Callable[[Any, Any, int], Any]) -> None:
        self.sizes = sizes
        self.otherwise = otherwise
        """Evaluates `(guard, symbol, size)` for guards that are more than integer arithmetic."""
        self._compiled: dict[Any, Callable[..., Any] | None] = {}

    def outcome(self, guard: Any, symbol: Any, size: int) -> Any:
        """The value of a guard where `symbol` is `size`, and others are as in the example; None where it has none."""
        if guard not in self._compiled:
            self._compiled[guard] = _compiled(guard, self.sizes)
        function = self._compiled[guard]
        if function is None:
            return self.otherwise(guard, symbol, size)
        given = {other.name: int(self.sizes[other]) for other in guard.free_symbols}
        try:
            return function(**given | ({symbol.name: size} if symbol.name in given else {}))
        except ZeroDivisionError:  # a remainder by 0
            return None


def _compiled(guard: Any, sizes: Mapping[Any, Any]) -> Callable[..., Any] | None:
    symbols = guard.free_symbols
    if not all(symbol in sizes and symbol.name.isidentifier() for symbol in symbols):
        return None
    source = python_source(guard)
    if source is None:
        return None
    function: Callable[..., Any] = eval(f"lambda {', '.join(s.name for s in symbols)}: {source}", dict(_FUNCTIONS))
    return function


def python_source(expr: Any) -> str | None:
    """An expression as Python source; None where it is more than integer arithmetic."""
    if expr.is_Symbol:
        return str(expr.name)
    if expr.is_Integer:
        return f"({int(expr)})"
    if expr in (sympy.true, sympy.false):
        return str(bool(expr))
    operator = _OPERATORS.get(type(expr).__name__) or getattr(expr, "rel_op", None)
    parts = [python_source(part) for part in expr.args]
    if operator is None or None in parts or (expr.is_Pow and not (expr.exp.is_Integer and expr.exp > 0)):
        return None
    if operator in _FUNCTIONS:
        return f"{operator}({', '.join(map(str, parts))})"
    return f"(not {parts[0]})" if operator == "not" else f"({f' {operator} '.join(map(str, parts))})"


_FUNCTIONS = {"min": min, "max": max}
_ARITHMETIC = {"Add": "+", "Mul": "*", "Pow": "**", "PowByNatural": "**", "FloorDiv": "//", "CleanDiv": "//"}
_OPERATORS = _ARITHMETIC | {
    "Mod": "%",
    "PythonMod": "%",
    "Max": "max",
    "Min": "min",
    "And": "and",
    "Or": "or",
    "Not": "not",
}
