"""The severity of an issue: what the program does on inputs other than the example."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Ordered by harm: `NOTE < SPECIALIZED < GUARDED < BAKED`.

    A string enum, so that `issue.severity == "baked"` and JSON need no conversion. Comparisons follow the order of the
    members, not the alphabet.
    """

    NOTE = "note"
    SPECIALIZED = "specialized"
    GUARDED = "guarded"
    BAKED = "baked"

    @property
    def rank(self) -> int:
        """0 for the mildest."""
        return _ORDER.index(self.value)

    @property
    def meaning(self) -> str:
        """What the severity means for other inputs, in half a sentence."""
        return _MEANING[self.value]

    def __lt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank


_ORDER = tuple(member.value for member in Severity)

_MEANING = {
    "note": "the program is right as it is",
    "specialized": "a dimension or an option was fixed; other shapes raise",
    "guarded": "right wherever the inserted assertion holds; raises elsewhere",
    "baked": "a value was frozen and nothing can assert it; other inputs can be wrong",
}
