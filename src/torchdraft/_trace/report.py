"""Assembles the report of a finished draft."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

import torch

from ..model import Issue, Report, Stats
from ..model.report import BrokenRung
from ..rules import issues_from
from ..rules.frames import user_frames
from ..rules.symbols import SYMBOL
from ..rules.terms import told
from .events import Birth, BranchMismatched, Event, GuardResolved
from .expressions import Expressions
from .implied import without_implied
from .nodes import Nodes

if TYPE_CHECKING:
    from .._draft import Draft
    from .session import Session


class Phases:
    """Seconds spent per phase. `with phases("trace"): …` adds to one."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._began = time.perf_counter()

    def since_start(self) -> float:
        """Seconds since the call began."""
        return time.perf_counter() - self._began

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began


def build_report(draft: Draft, program: torch.export.ExportedProgram) -> Report:
    """Everything the draft learned, as plain data."""
    session = draft.session
    assert session is not None
    events = [*draft.events, *draft.islands.events(), *without_implied(session), *session.failed_ops]
    events = with_births(events, session)
    nodes = Nodes(program)
    issues = explained(issues_from(nodes.placed(event) for event in events), session)
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


def with_births(events: list[Event], session: Session) -> list[Event]:
    """The events with what their symbols are, which nobody had to know before."""
    done: dict[int, Event] = {}
    for event in events:
        if _has_expression(event) and not event.symbols and id(event) not in done:
            done[id(event)] = replace(event, symbols=session.births(event.expr.free_symbols))
    return [done.get(id(event), event) for event in events]


def explained(issues: tuple[Issue, ...], session: Session) -> tuple[Issue, ...]:
    """The issues with the symbols explained that stand in the shapes of their locals."""
    births: dict[str, Birth] = {}
    done = []
    for issue in issues:
        named = {s for text in issue.locals.values() for s in SYMBOL.findall(text)} - issue.symbols.keys()
        births = births or (session.births(session.symbols()) if named else {})
        more = {name: told(name, births[name]) for name in sorted(named) if name in births}
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
