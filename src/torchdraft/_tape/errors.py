"""What the tape says when it cannot answer."""

from __future__ import annotations

from typing import Any


class NoRealValue(RuntimeError):
    """A real value was demanded that the tape cannot compute; the message says which op stands in the way."""


class OpRaised(NoRealValue):
    """The real kernel of `record` raised; its exception is the cause."""

    def __init__(self, record: Any, error: BaseException) -> None:
        super().__init__(f"{record.func} failed on real values: {error}")
        self.record = record
