"""Assumptions that say nothing beside another one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .events import Event, GuardResolved

_SYMBOL = re.compile(r"\b(?:zuf|zf|[usz])\d+\b")


def without_implied(events: Iterable[Event]) -> list[Event]:
    """The events without the conditions of operations on numbers that the program fixes as a whole anyway.

    A loop over `x.nonzero()` fixes the count; that unbinding it asked whether there are any is no news then.
    """
    events = list(events)
    fixed = {str(event.expr) for event in events if isinstance(event, GuardResolved) and event.kind == "size"}
    return [event for event in events if not (isinstance(event, GuardResolved) and _implied(event, fixed))]


def _implied(event: GuardResolved, fixed: set[str]) -> bool:
    symbols = _SYMBOL.findall(str(event.expr))
    return event.kind == "branch" and event.by == "operation" and bool(symbols) and fixed.issuperset(symbols)
