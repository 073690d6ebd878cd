"""Removes guards that another guard implies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torchdraft._source.symbolic.expression_text import is_expression, text_of
from torchdraft._source.symbolic.symbols import SYMBOL
from torchdraft.model.events import Event, GuardResolved

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


def without_implied(context: TraceContext) -> list[Event]:
    """The events of a trace, without guards of operators on symbols that another guard fixes to one number.

    A loop over `x.nonzero()` fixes the number of elements; `unbind` also guards on whether it is 0. Guards that rest on
    constants of the model's code alone, and therefore hold in every call, are marked.
    """
    cells = context.user_cells()
    events = [_marked(e, context, cells) if isinstance(e, GuardResolved) else e for e in context.log]
    fixed = {text_of(e.expr) for e in events if isinstance(e, GuardResolved) and e.kind == "size"}
    return [e for e in events if not (isinstance(e, GuardResolved) and _is_implied(e, fixed))]


def _marked(event: GuardResolved, context: TraceContext, cells: set[int]) -> GuardResolved:
    constant = is_expression(event.expr) and context.rests_on_constants(event.expr, cells)
    return replace(event, constant=True) if constant else event


def _symbols_in(expr: Any) -> list[str]:
    """The names of an expression's symbols."""
    return SYMBOL.findall(expr) if isinstance(expr, str) else [str(s.name) for s in expr.free_symbols]


def _is_implied(event: GuardResolved, fixed: set[str]) -> bool:
    symbols = _symbols_in(event.expr)
    return event.kind == "branch" and event.by == "operation" and bool(symbols) and fixed.issuperset(symbols)
