"""Finds the outcome of each dynamic dimension in the shape environment of a finished trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy

from .exclusions import Exclusions, same_name
from .requested import RequestedDim
from .verdict import Verdict

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class Judge:
    """Compares what was requested of a dimension with what the guards of the trace left of it."""

    def __init__(self, context: TraceContext, requested: Mapping[str, RequestedDim]) -> None:
        self.origins = context.origins
        self.env = context.shape_env
        self.requested = requested
        self.exclusions = Exclusions(context, requested)

    def verdict(self, symbol: Any, size: Any, want: RequestedDim, broken: bool) -> Verdict:
        """The outcome of the dimension that was created as `symbol` and is `size` after the trace.

        `broken`: the example violates what was requested.
        """
        if symbol is None or not isinstance(symbol, sympy.Symbol):
            return Verdict(kind="constant", got=str(want.size if symbol is not None else int(size)))
        now = self.env.replace(symbol)
        if now.is_number:
            causes = self.exclusions.causes(symbol, want, [want.size + 1])
            return Verdict(kind="constant", got=str(now), causes=causes)
        if now != symbol:
            return self._tied(symbol, now, want)
        found = self._narrowed(symbol, want)
        if found.kind == "free" and broken:
            return Verdict(kind="broken", got="any size")
        return found

    def _tied(self, symbol: Any, now: Any, want: RequestedDim) -> Verdict:
        """The outcome of a dimension that became `now`, an expression of others; `free` where that was requested."""
        text = self.origins.in_user_terms(now)
        other = self.requested.get(text)
        if same_name(want, other) or (len(now.free_symbols) == 1 and self._is_requested(now, want)):
            return self._narrowed(next(iter(now.free_symbols)), want) if other is not None else Verdict(kind="free")
        causes = self.exclusions.causes(symbol, want, [want.size + 1])
        return Verdict(kind="tied", got=text, to=now, causes=causes)

    def _is_requested(self, now: Any, want: RequestedDim) -> bool:
        """Whether `want` is derived (`2*dim`), and `now` is that expression of the dimension it is derived from."""
        if not hasattr(want.spec, "root"):
            return False
        (root,) = now.free_symbols
        name = self.origins.in_user_terms(root)
        other = self.requested.get(name)
        root_name = name if other is None else other.name()  # a root that is no dimension has a name of its own
        return root_name == want.spec.root.__name__ and bool(now == want.spec.fn(root))

    def _narrowed(self, symbol: Any, want: RequestedDim) -> Verdict:
        """The outcome of a dimension that is still a symbol: its range, and the conditions that no range expresses."""
        least, most = want.bounds()
        bounds = self.env.var_to_range.get(symbol)
        low, high = (bounds.lower, bounds.upper) if bounds is not None else (0, sympy.oo)
        at_least_two = symbol in self.env.sizes.at_least_two and least < 2 and low <= 2
        lower = int(low) if low > max(2, least) else 2 if at_least_two else None
        upper = int(high) if high.is_finite and high < 2**31 and (most is None or high < most) else None
        conditions = self.exclusions.asserted(symbol, want)
        texts = [f">= {lower}"] * (lower is not None) + [f"<= {upper}"] * (upper is not None)
        texts += [self.origins.in_user_terms(condition) for condition in conditions]
        if not texts:
            return Verdict(kind="free")
        beyond = [bound + step for bound, step in ((lower, -1), (upper, 1)) if bound is not None]
        causes = self.exclusions.causes(symbol, want, beyond)
        if at_least_two:
            causes = (self.env.sizes.small_sizes[symbol], *[cause for cause in causes if cause.by_code])
        return Verdict(
            kind="asserted" if conditions else "narrowed",
            got=" and ".join(texts),
            low=lower,
            high=upper,
            to=conditions[0] if conditions else None,
            causes=causes,
        )
