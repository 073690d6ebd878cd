"""Assumptions that say nothing beside another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torchdraft._source.symbols import SYMBOL
from torchdraft.model.events import Event, GuardResolved

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


def without_implied(context: TraceContext) -> list[Event]:
    """The context's events without the conditions of operations on numbers that the program fixes as a whole anyway.
    Guards on constants of the model's code, which hold in every call, are marked.

    A loop over `x.nonzero()` fixes the count; that unbinding it asked whether there are any is no news then.
    """
    events = [_marked(e, context) if isinstance(e, GuardResolved) else e for e in context.log]
    fixed = {str(e.expr) for e in events if isinstance(e, GuardResolved) and e.kind == "size"}
    return [e for e in events if not (isinstance(e, GuardResolved) and _implied(e, fixed))]


def _marked(event: GuardResolved, context: TraceContext) -> GuardResolved:
    symbolic = hasattr(event.expr, "free_symbols")
    return replace(event, constant=True) if symbolic and context.rests_on_constants(event.expr) else event


def symbols_in(expr: Any) -> list[str]:
    """The names of an expression's symbols."""
    return SYMBOL.findall(expr) if isinstance(expr, str) else [str(s.name) for s in expr.free_symbols]


def _implied(event: GuardResolved, fixed: set[str]) -> bool:
    symbols = symbols_in(event.expr)
    return event.kind == "branch" and event.by == "operation" and bool(symbols) and fixed.issuperset(symbols)
