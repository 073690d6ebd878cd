"""torch's table of symbolic expressions, made for the issues alone: how each condition was put together, and where.

torch logs every expression of a trace with two stacks, which is most of what its draft export costs. Here the parts are
read off the conditions that became issues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy

from torchdraft._source.locations import user_frames
from torchdraft.model import Issue
from torchdraft.model.events import BranchMismatched, Event, GuardResolved, SymbolOrigin


class Expressions:
    """Numbers expressions, parts first."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.table: dict[int, dict[str, Any]] = {}
        self._numbers: dict[Any, int] = {}
        self._told: dict[str, GuardResolved | BranchMismatched] = {}
        for event in events:
            if isinstance(event, (GuardResolved, BranchMismatched)) and isinstance(event.expr, sympy.Basic):
                self._told.setdefault(str(event.expr), event)

    def numbered(self, issue: Issue) -> Issue:
        """The issue with the number of its condition, which is in the table from now on."""
        event = self._told.get(issue.data.get("symbolic", ""))
        if event is None:
            return issue
        number = self._number(event.expr, event.symbols, issue)
        return replace(issue, data={**issue.data, "expr_node_id": number})

    def _number(self, expr: Any, births: Mapping[str, SymbolOrigin | str], issue: Issue) -> int:
        if expr in self._numbers:
            return self._numbers[expr]
        parts = [self._number(part, births, issue) for part in expr.args]
        birth = births.get(str(expr))
        born = birth if isinstance(birth, SymbolOrigin) else None
        number = self._numbers[expr] = len(self._numbers)
        self.table[number] = {
            "method": (born.op or born.input) if born else type(expr).__name__.lower(),
            "result": str(expr),
            "result_id": number,
            "arguments": [str(part) for part in expr.args],
            "argument_ids": parts,
            "user_stack": [
                {"filename": at.file, "line": at.line, "name": at.function, "loc": at.source.strip()}
                for at in (user_frames(born.stack) if born else issue.user_stack)
            ],
        }
        return number
