"""What became of one dynamic dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torchdraft._draft.tracing.size_guards import TakenGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a dimension. `free`: it is as free as asked."""

    kind: Literal["free", "constant", "tied", "narrowed", "asserted", "broken"]
    got: str = ""
    """The outcome in words: `32`, `2*y.shape[0]`, `>= 11`."""
    low: int | None = None
    high: int | None = None
    to: Any = None
    """The expression of another dimension that it is tied to, or the condition that is asserted."""
    causes: tuple[TakenGuard, ...] = ()
    """The guards that made it so: each line of the model's that asked, or the first operation that did."""

    @property
    def cause(self) -> TakenGuard | None:
        """The first of them."""
        return self.causes[0] if self.causes else None
