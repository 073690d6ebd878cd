"""Guards on the sizes of inputs: where they were taken, what evaluated them, and which the program has to assert."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import sympy

DECIDED = (sympy.true, sympy.false, True, False)


class TakenGuard(NamedTuple):
    """A guard on sizes, and the place in the user's code where it was taken."""

    expr: Any
    place: dict[str, Any]
    by_code: bool = True
    """Whether Python code evaluated the condition; False where an operation did."""
    by_kernel: bool = False
    """Whether a kernel evaluated it, which does so again when the program runs."""


class SizeGuards:
    """The guards on sizes of one trace."""

    def __init__(self) -> None:
        self.taken: list[TakenGuard] = []
        self.small_sizes: dict[sympy.Symbol, TakenGuard] = {}
        """Symbol → the condition that holds only because sizes are taken to be 2 or more."""
        self.at_least_two: set[sympy.Symbol] = set()
        """Symbols that the program has to assert to be 2 or more."""
        self.without_range: list[Any] = []
        """Guards that no range of a dimension expresses: the program asserts them."""
        self._symbols: set[sympy.Symbol] = set()
        self._places: set[tuple[object, ...]] = set()
        """Symbols and innermost frame of each guard in `taken`."""

    def take(self, guard: TakenGuard) -> None:
        """Adds a guard."""
        self.taken.append(guard)
        self._symbols |= guard.expr.free_symbols
        self._places.add(_key(guard.expr, guard.place))

    def take_implied(self, condition: Any, place: dict[str, Any]) -> None:
        """Adds a condition of the model that earlier guards decided, unless its line has it already.

        Of a function that is called twice, the second call makes no other assumption than the first.
        """
        if _key(condition, place) not in self._places:
            self.take(TakenGuard(condition, place))

    def note_small_sizes(
        self, expr: Any, result: Any, symbols: Iterable[Any], outcome: Callable[[Any, Any, int], Any], place: Any
    ) -> None:
        """A condition of the model came out as `result`. Where a size of 0 or 1 gives another outcome, such sizes must
        raise. `outcome(condition, symbol, size)` is the condition with one size replaced.

        Upstream takes every size to be 2 or more, silently, and its programs run on smaller ones. Conditions of torch's
        own kernels do not count: their operations decide again at run time.
        """
        for symbol in symbols:
            for small in (0, 1):
                other = outcome(expr, symbol, small)
                if other in DECIDED and other != result:
                    self.at_least_two.add(symbol)
                    self.small_sizes.setdefault(symbol, TakenGuard(expr, place()))

    def is_guarded(self, expr: Any) -> bool:
        """Whether an earlier guard was about a size in `expr`."""
        return not self._symbols.isdisjoint(expr.free_symbols)

    def redundant(self, guards: list[Any], simplify: Callable[[Any], Any]) -> set[int]:
        """Positions of guards that only a kernel took, to know that a size is not 0 or not 1.

        It decides that again when the program runs. Upstream's programs refuse such sizes (`x.shape[0] // 2 != 1`).
        """
        by_kernel = {t.expr for t in self.taken if t.by_kernel} - {t.expr for t in self.taken if not t.by_kernel}
        return {
            place
            for place, guard in enumerate(guards)
            if guard.expr in by_kernel and excludes_small_only(simplify(guard.expr))
        }

    def conditions_to_assert(self) -> list[Any]:
        """What the program asserts about sizes beside the ranges of its dimensions."""
        return [*self.without_range, *(sympy.Ge(symbol, 2, evaluate=False) for symbol in self.at_least_two)]


def _key(condition: Any, place: dict[str, Any]) -> tuple[object, ...]:
    frames = place["stack"][-1:]
    return (frozenset(condition.free_symbols), *[(id(code), *position) for code, *position in frames])


def excludes_small_only(guard: Any) -> bool:
    """Whether a guard only says that a size is not 0 or not 1 (`s0//2 != 1`, `s0 - 4 >= 2`)."""
    if not isinstance(guard, (sympy.Ne, sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt)):
        return False
    if isinstance(guard, (sympy.Le, sympy.Lt)):
        guard = guard.reversed
    bound = {sympy.Ne: 1, sympy.Ge: 2, sympy.Gt: 1}[type(guard)]
    return bool(guard.rhs.is_Integer and 0 <= guard.rhs <= bound)
