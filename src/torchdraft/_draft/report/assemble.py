"""Assembles the report of a finished draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import torch

from torchdraft._draft.tracing.context import TraceContext
from torchdraft._source.locations import user_frames
from torchdraft._source.symbolic.expression_text import is_expression
from torchdraft._source.symbolic.expressions import describe_origin
from torchdraft._source.symbolic.symbols import SYMBOL
from torchdraft.model import Branch, Dimension, Issue, Location, Report, RungName, Stats
from torchdraft.model.events import (
    BranchKept,
    BranchMismatched,
    Event,
    FellBack,
    GuardResolved,
    ResultFrozen,
    SymbolOrigin,
)
from torchdraft.model.report import BrokenRung
from torchdraft.rules import issues_from
from torchdraft.rules.registry import read_ahead

from .expression_table import Expressions
from .graph_nodes import GraphNodes
from .implied import without_implied
from .kernel_sources import with_kernels
from .listing import ProgramGraph
from .saveable import not_saveable

read_ahead()  # at import: otherwise the first draft takes the time


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedDraft:
    """The data that a report is assembled from."""

    program: torch.export.ExportedProgram
    context: TraceContext
    before: Sequence[Event]
    """Events of the other steps: the preparation of the call, the choice of rungs, the check."""
    rung: RungName
    fallbacks: Mapping[str, FellBack]
    """Module → the failure after which its real run was recorded."""
    frozen: ResultFrozen | None
    dimensions: Sequence[Dimension]
    new_dynamic_shapes: Any
    op_profiles: Mapping[str, Set[Any]]
    model: str
    """The model's class name."""
    seconds: Mapping[str, float]
    of_paths: Sequence[Event] = ()
    """Events of the traces of single paths, with the origins of their symbols."""
    paths: Sequence[Branch] = ()


def build_report(draft: FinishedDraft) -> Report:
    """The report of a draft."""
    context = draft.context
    events = [*draft.before, *without_implied(context), *context.log.caught(), *not_saveable(draft.program)]
    events = with_origins(events, context)
    nodes = GraphNodes(draft.program)
    issues = with_symbols_explained(issues_from([*map(nodes.placed, events), *draft.of_paths]), context)
    issues = with_kernels(issues, draft.op_profiles)
    expressions = Expressions([*events, *draft.of_paths])
    return Report(
        issues=tuple(expressions.numbered(issue) for issue in issues),
        expressions_created=expressions.table,
        rung=draft.rung,
        rungs=_broken_rungs(draft),
        dimensions=tuple(draft.dimensions),
        paths=tuple(draft.paths),
        new_dynamic_shapes=draft.new_dynamic_shapes,
        stats=Stats(
            ops_traced=context.tape.ops_recorded,
            ops_evaluated=context.reals.ops_evaluated,
            seconds=draft.seconds,
            real_bytes_peak=context.reals.bytes_peak,
        ),
        op_profiles=draft.op_profiles,
        model=draft.model,
        versions={"torch": torch.__version__},
        list_nodes=ProgramGraph(draft.program),
    )


def with_origins(events: list[Event], context: TraceContext) -> list[Event]:
    """The events, with the origins of the symbols in their expressions."""
    replaced: dict[int, Event] = {}
    for event in events:
        if _has_expression(event) and not event.symbols and id(event) not in replaced:
            replaced[id(event)] = replace(event, symbols=context.origins.of(event.expr.free_symbols))
    return [replaced.get(id(event), event) for event in events]


def with_symbols_explained(issues: tuple[Issue, ...], context: TraceContext) -> tuple[Issue, ...]:
    """The issues, with the origins of the symbols in the shapes of their local variables."""
    origins: dict[str, SymbolOrigin] = {}
    explained = []
    for issue in issues:
        named = {s for text in issue.locals.values() for s in SYMBOL.findall(text)} - issue.symbols.keys()
        origins = origins or (context.origins.of(context.origins.all_symbols()) if named else {})
        more = {name: describe_origin(name, origins[name]) for name in sorted(named) if name in origins}
        explained.append(replace(issue, symbols={**issue.symbols, **more}) if more else issue)
    return tuple(explained)


def _has_expression(event: Event) -> TypeGuard[GuardResolved | BranchKept | BranchMismatched]:
    return isinstance(event, (GuardResolved, BranchKept, BranchMismatched)) and is_expression(event.expr)


def _broken_rungs(draft: FinishedDraft) -> tuple[BrokenRung, ...]:
    """The rungs that failed, with one entry for each cause."""
    causes: dict[int, tuple[str, FellBack]] = {}
    for name, event in draft.fallbacks.items():
        causes.setdefault(id(event), (name, event))
    found = [
        BrokenRung(
            rung="symbolic" if event.rung == "island" else "island",
            reason=event.exception,
            module=name,
            location=_innermost(event),
        )
        for name, event in causes.values()
    ]
    if draft.frozen is not None:
        found.append(BrokenRung(rung="concrete", reason=draft.frozen.exception, location=_innermost(draft.frozen)))
    return tuple(found)


def _innermost(event: Event) -> Location | None:
    frames = user_frames(event.stack)
    return frames[-1] if frames else None
