"""Which occurrence of a decision is which: a place in the code that comes again, in a loop, is told apart by counting.

The places inside of a loop are counted anew in each of its turns, so that an inner loop that takes more turns leaves
the later ones of the outer loop as they are. A turn is known by a place that is passed again and is in the outer loop
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from torchdraft._stack.instructions import loops_around


@dataclass(frozen=True, slots=True)
class Key:
    """One occurrence of a place in the code."""

    code: Any
    """Submodule, and code object and instruction of each of the user's frames."""
    around: Key | None
    """The last decision of a place in a loop around this one, if that has come again."""
    count: int
    """How often the place was passed since."""

    def later(self, times: int) -> Key:
        """The occurrence so many times later."""
        return Key(self.code, self.around, self.count + times)


class Places:
    """The places that a run has passed."""

    def __init__(self) -> None:
        self._next: dict[Any, Key] = {}
        """Place → its next occurrence, in the order in which the places came first."""
        self._again: dict[Any, Key] = {}
        """Place that has come again → its last occurrence, the latest one last."""

    def next(self, code: Any) -> Key:
        """The next occurrence of a place."""
        known = self._next.get(code)
        if known is None:
            around = (key for place, key in reversed(self._again.items()) if _is_around(place, code))
            known = Key(code, next(around, None), 0)
        return known

    def passed(self, key: Key) -> None:
        """A decision was made; those of the places inside are counted anew if it has been made before."""
        again = key.code in self._next
        self._next[key.code] = key.later(1)
        if not again:
            return
        self._again.pop(key.code, None)
        self._again[key.code] = key
        order = list(self._next)
        first = order.index(key.code)
        for number, inside in enumerate(order):
            if number != first and _is_around(key.code, inside, first < number):
                self._next[inside] = Key(inside, key, 0)
                self._again.pop(inside, None)


def _is_around(place: Any, other: Any, before: bool = True) -> bool:
    """Whether a place is passed once in each turn of a loop that the other is in, which it came `before`, or not."""
    mine, others = _loops(place), _loops(other)
    return bool(mine) and (mine < others or (before and mine == others))


@lru_cache(4096)
def _loops(code: Any) -> frozenset[Any]:
    """The loops that a place is in, in the frames that lead to it."""
    frames = code[1:] if isinstance(code, tuple) else ()
    return frozenset(
        (number, *frames[:number], inner, loop)
        for number, (inner, offset) in enumerate(frames)
        if isinstance(inner, CodeType)
        for loop in loops_around(inner, offset)
    )
