"""What clocks and makers of names answer in a trace, and what a second one hears in their place.

A program that comes out the same although every such answer was another one does not depend on them: the time was
logged, the name was unique and nothing else. Random numbers are not tried so: two draws that lead to the same program
say little about a third.
"""

from __future__ import annotations

import datetime
import math
import uuid
from collections.abc import Callable
from typing import Any

_ALIKE = math.lcm(*range(1, 21))
"""Two numbers that differ by a multiple of it have the same remainders by all numbers up to 20; two that differ by one
more have none in common."""
_MOST_YEARS = 64
"""Steps of more than seven years each, so that no date lies past the last one."""


def _later(turn: int) -> float:
    """Seconds to add to a clock read for the `turn`th time: whoever waits finds that it has been years each time."""
    return 1.37 + _ALIKE * min(turn, _MOST_YEARS)


def _later_ns(turn: int) -> int:
    return 1 + _ALIKE * (2 + 10**9 * min(turn, _MOST_YEARS))


def _date_later(read: Any, turn: int) -> Any:
    return read + datetime.timedelta(days=1 + 2520 * min(turn, _MOST_YEARS), seconds=1.37)


def _other_name(read: uuid.UUID, _turn: int) -> uuid.UUID:
    """A UUID far from the one read, and with other remainders."""
    step = 1 + _ALIKE * (2**89 - 1)
    return uuid.UUID(int=read.int + step if read.int + step < 1 << 128 else read.int - step)


_OTHERS: dict[str, Callable[[Any, int], Any]] = {
    **{f"time.{clock}": lambda read, turn: read + _later(turn) for clock in ("time", "perf_counter", "monotonic")},
    **{
        f"time.{clock}_ns": lambda read, turn: read + _later_ns(turn) for clock in ("time", "perf_counter", "monotonic")
    },
    "time.process_time": lambda read, turn: read + _later(turn),
    "time.process_time_ns": lambda read, turn: read + _later_ns(turn),
    **{f"datetime.datetime.{reader}": _date_later for reader in ("now", "utcnow", "today")},
    "datetime.date.today": _date_later,
    **{f"uuid.{maker}": _other_name for maker in ("uuid1", "uuid4")},
}


def can_be_varied(what: str) -> bool:
    """Whether a second trace can be given another answer to this read."""
    return what in _OTHERS


class ClockAnswers:
    """The answers of one trace."""

    def __init__(self, first: ClockAnswers | None = None, *, others: bool = False) -> None:
        """`first`: the answers of an earlier trace. They are given again, or with `others` others in their place."""
        self._first = first
        self._others = others
        self._given: dict[str, list[Any]] = {}

    def answer(self, what: str, read: Any) -> Any:
        """What the model hears where `read` was read."""
        if what not in _OTHERS:
            return read
        given = self._given.setdefault(what, [])
        given.append(read)
        if self._first is None:
            return read
        before = self._first._given.get(what, [])
        known = before[len(given) - 1] if len(given) <= len(before) else read
        return _OTHERS[what](known, len(given)) if self._others else known

    def __bool__(self) -> bool:
        """Whether any was given that may be another one."""
        return bool(self._given)

    def same_queries(self, other: ClockAnswers) -> bool:
        """Whether the other trace asked for the same, as often: otherwise something remembered the first answers."""
        return self._counts() == other._counts()

    def _counts(self) -> dict[str, int]:
        return {what: len(given) for what, given in self._given.items()}
