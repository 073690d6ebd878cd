"""Exceptions that the tape raises when it cannot compute a value."""

from __future__ import annotations

from typing import Any


class NoRealValue(RuntimeError):
    """The tape cannot compute the requested value. The message names the op that prevents it."""


class OpRaised(NoRealValue):
    """The real kernel of `record` raised. The original exception is the `__cause__`."""

    def __init__(self, record: Any, error: BaseException) -> None:
        super().__init__(f"{record.func} failed on real values: {error}")
        self.record = record
