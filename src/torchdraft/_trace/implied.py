"""Assumptions that say nothing beside another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rules.symbols import SYMBOL
from .events import Event, GuardResolved

if TYPE_CHECKING:
    from .session import Session


def without_implied(session: Session) -> list[Event]:
    """The session's events without guards on constants of the model's code, which hold in every call, and without the
    conditions of operations on numbers that the program fixes as a whole anyway.

    A loop over `x.nonzero()` fixes the count; that unbinding it asked whether there are any is no news then.
    """
    guards = {id(e): e for e in session.events if isinstance(e, GuardResolved)}
    constant = {
        key for key, e in guards.items() if hasattr(e.expr, "free_symbols") and session.rests_on_constants(e.expr)
    }
    fixed = {str(e.expr) for key, e in guards.items() if e.kind == "size" and key not in constant}
    told = (e for e in session.events if id(e) not in constant)
    return [e for e in told if not (isinstance(e, GuardResolved) and _implied(e, fixed))]


def symbols_in(expr: Any) -> list[str]:
    """The names of an expression's symbols."""
    return SYMBOL.findall(expr) if isinstance(expr, str) else [str(s.name) for s in expr.free_symbols]


def _implied(event: GuardResolved, fixed: set[str]) -> bool:
    symbols = symbols_in(event.expr)
    return event.kind == "branch" and event.by == "operation" and bool(symbols) and fixed.issuperset(symbols)
