"""Values of symbols: the hints of backed symbols, and for unbacked symbols the outputs of the op that made them."""

from __future__ import annotations

from typing import Any

import sympy
import torch

from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.tape import Record
from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs


class SymbolValues:
    """Real values of unbacked symbols. They become known when the op that made the symbol is computed."""

    def __init__(self) -> None:
        self.values: dict[sympy.Symbol, Any] = {}
        self.origins: dict[sympy.Symbol, Record] = {}
        self.env: Any = None

    def note_origin(self, symbols: set[sympy.Symbol], record: Record, out: Any) -> None:
        """Makes `record` the origin of those `symbols` that occur in the sizes and scalars of its outputs."""
        leaves = [_expressions(leaf) for leaf in flat_outputs(out)]
        found = {s for leaf in leaves for e in leaf for s in _free(e) if s in symbols}
        if found:
            record.fake_outputs = leaves
            for symbol in found:
                self.origins[symbol] = record

    def learn(self, outputs: list[list[Any]], leaves: list[Any]) -> None:
        """Stores the values of the symbols in the expressions of `outputs`. `leaves` are the real outputs."""
        for expressions, real in zip(outputs, leaves, strict=False):
            for expression, number in zip(expressions, _numbers(real), strict=False):
                symbol, value = _solved(expression, number)
                if symbol is not None and symbol not in self.values:
                    self.values[symbol] = value

    def unknown_in(self, outputs: list[list[Any]]) -> bool:
        """True if a symbol whose origin is known has no value yet."""
        return any(s in self.origins and s not in self.values for leaf in outputs for e in leaf for s in _free(e))

    def missing(self, value: Any) -> list[sympy.Symbol]:
        """The unbacked symbols in nested arguments that have no value yet."""
        if isinstance(value, SYMBOLIC):
            backed = self.env.backed_var_to_val
            expr = value.node.expr
            return [s for s in expr.free_symbols if s not in backed and self._known(s) is None]
        if isinstance(value, (list, tuple)):
            return [s for v in value for s in self.missing(v)]
        if isinstance(value, dict):
            return [s for v in value.values() for s in self.missing(v)]
        return []

    def _known(self, symbol: sympy.Symbol) -> Any:
        if symbol in self.values:
            return self.values[symbol]
        original = self.env.renamed_from.get(symbol)
        return None if original is None else self.values.get(original)

    def concrete(self, value: Any) -> int | float | bool:
        """The number that a symbolic scalar is on the example."""
        node = value.node
        expr = self.substitute(node.expr)
        if expr.free_symbols:
            raise NoRealValue(f"no value is known for {expr.free_symbols} in {value}")
        return node.pytype(expr)

    def substitute(self, expr: Any) -> Any:
        """`expr` with every symbol of known value replaced."""
        known = {s: sympy.sympify(v) for s in expr.free_symbols if (v := self._known(s)) is not None}
        return expr.xreplace(self.env.backed_var_to_val).xreplace(known)


def _free(expression: Any) -> set[sympy.Symbol]:
    return expression.free_symbols if isinstance(expression, sympy.Basic) else set()


def _expressions(leaf: Any) -> list[Any]:
    """The sizes, strides and offset of an output, or a scalar output. Symbolic ones as sympy expressions."""
    if isinstance(leaf, torch.Tensor):
        try:
            return [_expr(v) for v in (*leaf.shape, *leaf.stride(), leaf.storage_offset())]
        except (RuntimeError, NotImplementedError):
            return [_expr(v) for v in leaf.shape]
    return [_expr(leaf)]


def _expr(value: Any) -> Any:
    return value.node.expr if isinstance(value, SYMBOLIC) else value


def _numbers(leaf: Any) -> list[Any]:
    if isinstance(leaf, torch.Tensor):
        if leaf.layout is not torch.strided:
            return list(leaf.shape)
        return [*leaf.shape, *leaf.stride(), leaf.storage_offset()]
    return [leaf]


def _solved(expression: Any, number: Any) -> tuple[sympy.Symbol | None, Any]:
    """The symbol in the expression of an output, and its value if the expression equals `number`."""
    if isinstance(expression, sympy.Symbol):
        return expression, number
    if isinstance(expression, sympy.Eq) and expression.rhs == 1 and isinstance(expression.lhs, sympy.Symbol):
        return expression.lhs, int(number)  # the expression of a SymBool is `Eq(u, 1)`
    return None, None
