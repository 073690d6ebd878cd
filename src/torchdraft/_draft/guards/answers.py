"""Who answers what the model's code asks of symbols, where not the example does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Answers(Protocol):
    """Answers the questions of one path through the model; see `_draft/paths/traced/decisions.py`."""

    def answer(self, condition: Any, expr: Any, example: Callable[[], bool | None]) -> bool | None:
        """The answer to a condition, a `SymBool` of the expression `expr`. `example()` is its value there."""
        ...

    def number(self, asked: Any, bounds: tuple[Any, Any], example: Callable[[], int | None]) -> int | None:
        """The answer to the question which integer a `SymInt` is; it lies between the `bounds`."""
        ...
