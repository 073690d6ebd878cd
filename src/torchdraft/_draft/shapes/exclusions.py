"""Which guards exclude sizes that were requested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import sympy

from torchdraft._source.call_sites import place_of

from .guard_functions import CompiledGuards
from .requested import RequestedDim

if TYPE_CHECKING:
    from torchdraft._draft.guards.size_guards import TakenGuard
    from torchdraft._draft.tracing.context import TraceContext

T = TypeVar("T")


class Exclusions:
    """Evaluates the guards of a finished trace at other sizes than the example's."""

    def __init__(self, context: TraceContext, requested: Mapping[str, RequestedDim]) -> None:
        self.context = context
        self.env = context.shape_env
        self.requested = requested
        self.guards = CompiledGuards(self.env.backed_var_to_val, self.env.outcome)
        self._taken = _by_symbol((taken.expr, taken) for taken in self.env.sizes.taken)
        self._without_range = _by_symbol((guard, guard) for guard in self.env.sizes.without_range)

    def asserted(self, symbol: Any, want: RequestedDim) -> list[Any]:
        """The asserted conditions on `symbol` that no range expresses, without those that exclude no further size."""
        left, found = _sizes(want), []
        for guard in self._without_range.get(symbol, ()):
            stay = [size for size in left if not self._fails(guard, symbol, size)]
            if len(stay) < len(left):
                left = stay
                found.append(self._shortest(guard, symbol, want))
        return found

    def causes(self, symbol: Any, want: RequestedDim, beyond: Sequence[int]) -> tuple[TakenGuard, ...]:
        """The guards of the model's own code that exclude requested sizes, one for each place, and for each size of
        `beyond` that none of them excludes and the outcome does, the first guard of an operation that fails at it.

        Where that is none, the first guard of an operation that excludes a requested size.
        """
        about = [t for t in self._taken.get(symbol, ()) if self._excludes(t.expr, symbol, want)]
        about = [t for t in about if not self._is_requested(t.expr)]
        about = [t._replace(expr=self._shortest(t.expr, symbol, want)) for t in about]
        by_code = {place_of(t.place["stack"], t.place["module"]): t for t in reversed(about) if t.by_code}
        found = list(reversed(by_code.values()))
        for size in beyond:
            if not any(self._fails(t.expr, symbol, size) for t in found):
                found += [t for t in about if not t.by_code and self._fails(t.expr, symbol, size)][:1]
        return tuple(found or about[:1])

    def excludes_alone(self, guard: Any, symbol: Any, want: RequestedDim) -> bool:
        """Whether a guard on several sizes excludes a size of this dimension for all sizes of the others."""
        excluded = [size for size in _sizes(want) if self._fails(guard, symbol, size)]
        if not excluded:
            return False
        rest = guard.xreplace({symbol: sympy.Integer(min(excluded, key=lambda size: abs(size - want.size)))})
        values = self.env.backed_var_to_val
        return all(self._fails(rest, o, n) for o in rest.free_symbols for n in _near(int(values.get(o, 2))))

    def _shortest(self, guard: Any, symbol: Any, want: RequestedDim) -> Any:
        """A condition without alternatives that allow no further size (`s0 % 2 == 0 or s0 == 2`)."""
        if not isinstance(guard, sympy.Or):
            return guard
        sizes = [size for size in _sizes(want) if not self._fails(guard, symbol, size)]
        for alternative in guard.args:
            if not any(self._fails(alternative, symbol, size) for size in sizes):
                return alternative
        return guard

    def _is_requested(self, guard: Any) -> bool:
        """Whether a guard says that two dimensions are equal that the caller gave one name."""
        if not isinstance(guard, sympy.Eq) or not (guard.lhs.is_Symbol and guard.rhs.is_Symbol):
            return False
        left, right = (self.requested.get(self.context.origins.in_user_terms(side)) for side in (guard.lhs, guard.rhs))
        return left is not None and same_name(left, right)

    def _excludes(self, guard: Any, symbol: Any, want: RequestedDim) -> bool:
        return any(self._fails(guard, symbol, size) for size in _sizes(want))

    def _fails(self, guard: Any, symbol: Any, size: int) -> bool:
        return bool(self.guards.outcome(guard, symbol, size) == sympy.false)


def _by_symbol(guards: Iterable[tuple[Any, T]]) -> dict[Any, list[T]]:
    """Symbol → what belongs to the conditions about it, in their order."""
    found: dict[Any, list[T]] = {}
    for condition, value in guards:
        for symbol in condition.free_symbols:
            found.setdefault(symbol, []).append(value)
    return found


def same_name(want: RequestedDim, other: RequestedDim | None) -> bool:
    """Whether the caller gave both dimensions one name."""
    return other is not None and want.name() is not None and want.name() == other.name()


def _sizes(want: RequestedDim) -> list[int]:
    """The requested sizes among those near the example's."""
    low, high = want.bounds()
    return [n for n in _near(want.size) if max(low, 2) <= n <= (high or n)]


def _near(size: int) -> list[int]:
    """Sizes to try instead of `size`: small ones, its neighbours and multiples, large ones."""
    return sorted({*range(2, 40), *(size * n + d for n in (1, 2, 3) for d in (-1, 0, 1)), 997, 1024})
