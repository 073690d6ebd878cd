"""Whether a condition on a number read from a tensor was decided by what the trace assumed about it before.

`if n > 3` is answered by the example. A later `if n > 2` needs no example any more, but it rests on the same
assumption: a user who removes the first branch gets to the second one.
"""

from __future__ import annotations

from typing import Any

import sympy

from torchdraft._torch.symbolic.shapes import is_unbacked

from .size_guards import DECIDED


class ImpliedConditions:
    """What one trace knows of unbacked symbols without assuming anything."""

    def __init__(self, env: Any) -> None:
        self.env = env
        """The `DraftShapeEnv` of the trace, which imports this file."""
        self.assumed: set[sympy.Symbol] = set()
        """Symbols about which the example answered a condition."""
        self.stated: dict[sympy.Symbol, Any] = {}
        """Symbol → its range by its origin and by `torch._check`."""
        self._assumptions: set[int] = set()
        """Identities of the assertions that state an answer of the example; the environment keeps them alive."""
        self._before: dict[sympy.Symbol, int] | None = None
        """While the example answers a condition: symbol → how many assertions about it there were before."""

    def answered(self, expr: Any) -> None:
        """Notes that the example answers `expr`: what the environment concludes from here to `concluded` is assumed."""
        self.assumed |= expr.free_symbols
        deferred = self.env.deferred_runtime_asserts
        self._before = {symbol: len(deferred.get(symbol, ())) for symbol in expr.free_symbols}

    def concluded(self) -> None:
        """Notes that the environment has drawn its conclusions."""
        if self._before is None:
            return
        for symbol, count in self._before.items():
            self._assumptions |= {id(each) for each in self.env.deferred_runtime_asserts.get(symbol, ())[count:]}
        self._before = None

    def restrict(self, symbol: sympy.Symbol, bounds: Any) -> None:
        """Notes a range of a symbol, unless the example gave it."""
        if self._before is not None:
            return
        known = self.stated.get(symbol)
        self.stated[symbol] = bounds if known is None else known & bounds

    def rests_on_assumption(self, expr: Any, result: Any) -> bool:
        """Whether another number, which only an assumption excludes, gives `expr` another outcome than `result`."""
        if self.assumed.isdisjoint(expr.free_symbols):
            return False
        symbols = [symbol for symbol in expr.free_symbols if is_unbacked(symbol)]
        if len(symbols) != 1 or not self.env.demand(symbols[0]):
            return False
        (symbol,) = symbols
        value = self.env.real_tensor_prop_unbacked_vals[symbol]
        others = (n for n in _near(value, whole=bool(symbol.is_integer)) if self._differs(expr, result, symbol, n))
        return any(self._is_possible(symbol, number) for number in others)

    def _differs(self, expr: Any, result: Any, symbol: sympy.Symbol, number: Any) -> bool:
        other = self._at(expr, symbol, number)
        return other in DECIDED and bool(other) != bool(result)

    def _is_possible(self, symbol: sympy.Symbol, number: Any) -> bool:
        """Whether no statement excludes a number."""
        bounds = self.stated.get(symbol)
        if bounds is not None and not bounds.lower <= number <= bounds.upper:
            return False
        asserted = self.env.deferred_runtime_asserts.get(symbol, [])
        stated = (each.expr for each in asserted if id(each) not in self._assumptions)
        return all(self._at(condition, symbol, number) in (sympy.true, True) for condition in stated)

    def _at(self, expr: Any, symbol: sympy.Symbol, number: Any) -> Any:
        """The value of a condition at another number; itself where it has none."""
        try:
            return expr.xreplace({symbol: number}).xreplace(self.env.backed_var_to_val)
        except (ArithmeticError, ValueError, TypeError, AssertionError):
            return expr


def _near(value: Any, *, whole: bool) -> list[Any]:
    steps = (-1000, -10, -3, -2, -1, 1, 2, 3, 10, 1000)
    numbers = {*range(-2, 12), *(float(value) + step for step in steps), 1e6, -1e6}
    return [sympy.Integer(int(n)) if whole else sympy.Float(n) for n in sorted(numbers)]
