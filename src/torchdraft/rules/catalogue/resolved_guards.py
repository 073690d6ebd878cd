"""What the rules about a resolved guard share: the issue and its identity."""

from __future__ import annotations

from collections.abc import Callable

from torchdraft._source.call_sites import knows_instruction
from torchdraft._source.symbolic.captured import shown
from torchdraft._source.symbolic.expression_text import text_of
from torchdraft._source.symbolic.expressions import in_user_terms, place_in_torch, source_of
from torchdraft._source.symbolic.symbols import canonical
from torchdraft.model import Issue, Severity
from torchdraft.model.events import GuardResolved
from torchdraft.rules.rule import Rule


def guard_issue(
    rule: Rule[GuardResolved], event: GuardResolved, message: Callable[[GuardResolved, str, str], str]
) -> Issue:
    """The issue of a resolved guard. `message` receives the event, the expression in backquotes with its
    place in torch's code if it is there, and the value.
    """
    expr = expression_of(event)
    value = shown(event.value)
    inside = place_in_torch(event.inside) if event.inside is not None else ""
    return rule.found(
        event,
        message(event, f"`{expr}`" + (f" in {inside}" if inside else ""), value),
        severity=Severity.NOTE if event.constant else None,
        expr=expr,
        value=value,
        symbols=event.symbols,
        data={"symbolic": text_of(event.expr)} | ({"inside": inside} if inside else {}),
    )


def expression_of(event: GuardResolved) -> str:
    """The condition or number in the user's terms."""
    return in_user_terms(event.expr, event.symbols, event.locals) or source_of(event.stack[-1])


def guard_identity(event: GuardResolved) -> tuple[object, ...]:
    """What makes two resolved guards of one line the same issue."""
    any_number = event.by == "code" and knows_instruction(event.stack)
    return (canonical(event.expr, event.symbols, any_number=any_number), event.constant)
