"""The outcome of one dynamic dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torchdraft._draft.guards.size_guards import TakenGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one dynamic dimension."""

    kind: Literal["free", "constant", "tied", "narrowed", "asserted", "broken"]
    """`free`: as requested. `constant`: one size. `tied`: an expression of other dimensions. `narrowed`: a smaller
    range. `asserted`: a condition that no range expresses. `broken`: as requested, but the example violates it."""
    got: str = ""
    """The outcome as text: `32`, `2*y.shape[0]`, `>= 11`."""
    low: int | None = None
    high: int | None = None
    to: Any = None
    """The expression that the dimension is tied to, or the condition that is asserted."""
    causes: tuple[TakenGuard, ...] = ()
    """The guards that caused it: one for each line of the model that has one, or the first one of an operation."""

    @property
    def cause(self) -> TakenGuard | None:
        """The first of `causes`."""
        return self.causes[0] if self.causes else None
