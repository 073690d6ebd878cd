"""Assembles the report of a finished draft."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

import torch

from torchdraft._source.expressions import describe_origin
from torchdraft._source.locations import user_frames
from torchdraft._source.symbols import SYMBOL
from torchdraft.model import Issue, Report, Stats
from torchdraft.model.events import BranchMismatched, Event, GuardResolved, SymbolOrigin
from torchdraft.model.report import BrokenRung
from torchdraft.rules import issues_from
from torchdraft.rules.registry import read_ahead

from .expression_table import Expressions
from .graph_nodes import GraphNodes
from .implied import without_implied

if TYPE_CHECKING:
    from torchdraft._draft.pipeline import Draft
    from torchdraft._draft.tracing.session import Session


read_ahead()  # at import, so that the first draft does not take the time


def build_report(draft: Draft, program: torch.export.ExportedProgram) -> Report:
    """Everything the draft learned, as plain data."""
    session = draft.session
    assert session is not None
    events = [*draft.events, *draft.islands.events(), *without_implied(session), *session.failed_ops]
    events = with_origins(events, session)
    nodes = GraphNodes(program)
    issues = with_symbols_explained(issues_from(nodes.placed(event) for event in events), session)
    expressions = Expressions(events)
    return Report(
        issues=tuple(expressions.numbered(issue) for issue in issues),
        expressions_created=expressions.table,
        rung=draft.islands.rung,  # type: ignore[arg-type]
        rungs=_broken(draft),
        dimensions=tuple(session.dimensions),
        new_dynamic_shapes=session.new_dynamic_shapes,
        stats=Stats(
            ops_traced=session.tape.ops_recorded,
            ops_evaluated=session.reals.ops_evaluated,
            seconds={**draft.phases.seconds, "total": draft.phases.since_start()},
            real_bytes_peak=session.reals.bytes_peak,
        ),
        op_profiles=session.kernels.profiles,
        model=type(draft.request.mod).__name__,
        versions={"torch": torch.__version__},
    )


def with_origins(events: list[Event], session: Session) -> list[Event]:
    """The events with what their symbols are, which nobody had to know before."""
    done: dict[int, Event] = {}
    for event in events:
        if _has_expression(event) and not event.symbols and id(event) not in done:
            done[id(event)] = replace(event, symbols=session.origins_of(event.expr.free_symbols))
    return [done.get(id(event), event) for event in events]


def with_symbols_explained(issues: tuple[Issue, ...], session: Session) -> tuple[Issue, ...]:
    """The issues with the symbols explained that stand in the shapes of their locals."""
    births: dict[str, SymbolOrigin] = {}
    done = []
    for issue in issues:
        named = {s for text in issue.locals.values() for s in SYMBOL.findall(text)} - issue.symbols.keys()
        births = births or (session.origins_of(session.symbols()) if named else {})
        more = {name: describe_origin(name, births[name]) for name in sorted(named) if name in births}
        done.append(replace(issue, symbols={**issue.symbols, **more}) if more else issue)
    return tuple(done)


def _has_expression(event: Event) -> TypeGuard[GuardResolved | BranchMismatched]:
    return isinstance(event, (GuardResolved, BranchMismatched)) and hasattr(event.expr, "free_symbols")


def _broken(draft: Draft) -> tuple[BrokenRung, ...]:
    """The rungs that did not serve: one entry per cause."""
    found: dict[int, Any] = {}
    for name, event in draft.islands.names.items():
        if id(event) not in found:
            frames = user_frames(event.stack)
            rung = "symbolic" if event.rung == "island" else "island"
            found[id(event)] = BrokenRung(
                rung=rung,  # type: ignore[arg-type]
                reason=event.exception,
                module=name,
                location=frames[-1] if frames else None,
            )
    if (frozen := draft.islands.frozen) is not None:
        frames = user_frames(frozen.stack)
        found[id(frozen)] = BrokenRung(
            rung="concrete", reason=frozen.exception, location=frames[-1] if frames else None
        )
    return tuple(found.values())
