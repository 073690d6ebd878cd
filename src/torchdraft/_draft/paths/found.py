"""What the paths of a model are reported as: events of their traces, and one entry for each branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchdraft._draft.report.assemble import with_origins
from torchdraft._draft.report.implied import without_implied
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._source.locations import user_frames
from torchdraft._source.symbolic.expressions import in_user_terms, source_of
from torchdraft.model import Branch
from torchdraft.model.events import BranchKept, ConstraintViolated, DimensionSpecialized, Event, GuardResolved

from .merging.merge import Merged
from .traced.path import Path

OF_THE_PROGRAM = (ConstraintViolated, DimensionSpecialized)
"""Events about what became of the inputs: the trace of the merged graph has them."""


def events_of(merged: Merged, contexts: Mapping[int, TraceContext]) -> list[Event]:
    """The events of the traces of the paths in a merged graph. `contexts`: number of a path → its trace."""
    numbers = sorted({0, *(kept.other.number for kept in merged.kept)})
    events: list[Event] = []
    for number in numbers:
        context = contexts[number]
        found = [event for event in without_implied(context) if not isinstance(event, OF_THE_PROGRAM)]
        found += _of_branches(merged, number)
        events += [replace(event, node=None, condition=None) for event in with_origins(found, context)]
    return events


def _of_branches(merged: Merged, number: int) -> Iterator[Event]:
    for kept in merged.kept:
        if kept.path.number == number:
            decision = kept.path.decisions[kept.decision]
            yield BranchKept(
                expr=decision.expr,
                value=decision.answer,
                operations=kept.operations,
                loop=kept.loop,
                **dict(decision.place),
            )
    for path, place, reason in merged.guarded:
        if path.number == number:
            yield _guard(path, place, reason)


def _guard(path: Path, place: int, reason: str) -> GuardResolved:
    decision = path.decisions[place]
    return GuardResolved(expr=decision.expr, value=decision.answer, other_side=reason, **dict(decision.place))


def explained(event: Event, guarded: Sequence[tuple[Path, int, str]]) -> Event:
    """The event; a guard of a branch with the reason why its other side is not kept."""
    if not isinstance(event, GuardResolved):
        return event
    reasons = (why for path, place, why in guarded if path.decisions[place].place["stack"] == event.stack)
    return replace(event, other_side=next(reasons, ""))


def branches(events: list[Event]) -> tuple[Branch, ...]:
    """The branches that the events are about, in the order of the traces."""
    return tuple(_branch(event) for event in events if isinstance(event, BranchKept) or _is_one_sided(event))


def one_sided(events: Iterable[Event]) -> list[Event]:
    """The guards of branches whose other side was to be kept and is not."""
    return [event for event in events if _is_one_sided(event)]


def _is_one_sided(event: Event) -> bool:
    return isinstance(event, GuardResolved) and bool(event.other_side)


def _branch(event: Any) -> Branch:
    kept = isinstance(event, BranchKept)
    frames = user_frames(event.stack)
    condition = in_user_terms(event.expr, event.symbols, event.locals)
    return Branch(
        condition=condition or (source_of(event.stack[-1]) if event.stack else str(event.expr)),
        on_example=bool(event.value),
        kept=kept,
        reason="" if kept else event.other_side,
        operations=event.operations if kept else (0, 0),
        loop=kept and event.loop,
        module=event.module,
        location=frames[-1] if frames else None,
    )
