"""torch's table of symbolic expressions, for the conditions of the issues: how each was computed, and where.

torch's draft export logs every expression of a trace with two stacks, which takes most of its time. Here the parts of
an expression are computed from the condition of an issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy

from torchdraft._source.locations import user_frames
from torchdraft._source.symbolic.expression_text import text_of
from torchdraft.model import Issue
from torchdraft.model.events import BranchMismatched, Event, GuardResolved, SymbolOrigin


class Expressions:
    """Assigns numbers to expressions; the parts of an expression have smaller numbers."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.table: dict[int, dict[str, Any]] = {}
        self._numbers: dict[Any, int] = {}
        self._events: dict[str, GuardResolved | BranchMismatched] = {}
        for event in events:
            if isinstance(event, (GuardResolved, BranchMismatched)) and isinstance(event.expr, sympy.Basic):
                self._events.setdefault(text_of(event.expr), event)

    def numbered(self, issue: Issue) -> Issue:
        """The issue with the number of its condition in the table, to which the condition is added."""
        event = self._events.get(issue.data.get("symbolic", ""))
        if event is None:
            return issue
        number = self._number(event.expr, event.symbols, issue)
        return replace(issue, data={**issue.data, "expr_node_id": number})

    def _number(self, expr: Any, origins: Mapping[str, SymbolOrigin | str], issue: Issue) -> int:
        if expr in self._numbers:
            return self._numbers[expr]
        parts = [self._number(part, origins, issue) for part in expr.args]
        found = origins.get(text_of(expr))
        origin = found if isinstance(found, SymbolOrigin) else None
        number = self._numbers[expr] = len(self._numbers)
        self.table[number] = {
            "method": (origin.op or origin.input) if origin else type(expr).__name__.lower(),
            "result": text_of(expr),
            "result_id": number,
            "arguments": [text_of(part) for part in expr.args],
            "argument_ids": parts,
            "user_stack": [
                {"filename": at.file, "line": at.line, "name": at.function, "loc": at.source.strip()}
                for at in (user_frames(origin.stack) if origin else issue.user_stack)
            ],
        }
        return number
