"""The answers of clocks and of makers of unique names in a trace, and other answers for a second trace.

If the second trace gives the same program although each of its answers differs, the program does not depend on them:
the time was only logged, or the name only had to be unique. Random numbers are not varied in this way, because two
draws that lead to the same program say little about a third.
"""

from __future__ import annotations

import datetime
import math
import uuid
from collections.abc import Callable
from typing import Any

_MULTIPLE = math.lcm(*range(1, 21))
"""Numbers that differ by a multiple of it, plus one, have different remainders for each modulus from 2 to 20."""
_MOST_YEARS = 64
"""How many steps of more than seven years a clock takes at most, so that no date lies past the last possible one."""


def _later(turn: int) -> float:
    """Seconds to add to a clock that is read for the `turn`th time: a model that waits finds that years have passed."""
    return 1.37 + _MULTIPLE * min(turn, _MOST_YEARS)


def _later_ns(turn: int) -> int:
    return 1 + _MULTIPLE * (2 + 10**9 * min(turn, _MOST_YEARS))


def _later_date(read: Any, turn: int) -> Any:
    return read + datetime.timedelta(days=1 + 2520 * min(turn, _MOST_YEARS), seconds=1.37)


def _other_name(read: uuid.UUID, _turn: int) -> uuid.UUID:
    """A UUID far from the one that was read, with different remainders."""
    step = 1 + _MULTIPLE * (2**89 - 1)
    return uuid.UUID(int=read.int + step if read.int + step < 1 << 128 else read.int - step)


_CLOCKS = ("time", "perf_counter", "monotonic", "process_time")
_VARIATIONS: dict[str, Callable[[Any, int], Any]] = {
    **{f"time.{clock}": lambda read, turn: read + _later(turn) for clock in _CLOCKS},
    **{f"time.{clock}_ns": lambda read, turn: read + _later_ns(turn) for clock in _CLOCKS},
    **{f"datetime.datetime.{reader}": _later_date for reader in ("now", "utcnow", "today")},
    "datetime.date.today": _later_date,
    **{f"uuid.{maker}": _other_name for maker in ("uuid1", "uuid4")},
    **{f"torch.{mode}": lambda read, _turn: not read for mode in ("is_grad_enabled", "is_inference_mode_enabled")},
}
"""Function → another answer, from the value that was read and the number of times that the function was called."""


def can_be_varied(function: str) -> bool:
    """Whether a second trace can be given another answer of this function."""
    return function in _VARIATIONS


class ClockAnswers:
    """The answers of one trace."""

    def __init__(self, first: ClockAnswers | None = None, *, others: bool = False) -> None:
        """`first`: the answers of an earlier trace. They are repeated, or varied if `others` is true."""
        self._first = first
        self._others = others
        self._read: dict[str, list[Any]] = {}

    def answer(self, function: str, read: Any) -> Any:
        """What the model gets from a call of `function` that returned `read`."""
        if function not in _VARIATIONS:
            return read
        values = self._read.setdefault(function, [])
        values.append(read)
        if self._first is None:
            return read
        before = self._first._read.get(function, [])
        known = before[len(values) - 1] if len(values) <= len(before) else read
        return _VARIATIONS[function](known, len(values)) if self._others else known

    def __bool__(self) -> bool:
        """Whether the model called a function whose answer can be varied."""
        return bool(self._read)

    def same_queries(self, other: ClockAnswers) -> bool:
        """Whether both traces called the same functions equally often. If not, something cached the first answers."""
        return self._counts() == other._counts()

    def _counts(self) -> dict[str, int]:
        return {function: len(values) for function, values in self._read.items()}
