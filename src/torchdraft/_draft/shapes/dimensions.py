"""The dynamic dimensions of a finished trace, for the report: requested, outcome, reason."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._source.call_sites import place_of
from torchdraft._source.input_names import in_caller_terms
from torchdraft.model import Dimension
from torchdraft.model.events import Event

from .dimension_events import DimensionEvents
from .judge import Judge
from .requested import RequestedDim, broken_by_example, requested_dims
from .suggestions import code_of, suggested
from .verdict import Verdict

if TYPE_CHECKING:
    from torchdraft._draft.guards.size_guards import TakenGuard
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.request import Request


SHOWN_CAUSES = 3
"""How many guards the table names for one dimension; each of them is an issue."""


def judge_dimensions(request: Request, context: TraceContext) -> tuple[list[Dimension], list[Event], Any]:
    """The table of dynamic dimensions, the events of those that are not as free as requested, and the `dynamic_shapes`
    to use instead (None where all are).
    """
    requested = requested_dims(request)
    broken = broken_by_example(requested)
    judge, sizes = Judge(context, requested), _sizes_of_inputs(context)
    verdicts = {n: judge.verdict(*sizes[n], requested[n], n in broken) for n in sizes if n in requested}
    _share_causes(verdicts, requested)
    reasons = {n: broken_by_example({n: requested[n]}).get(n, why) for n, why in broken.items()}
    rows = [_row(name, requested[name], v, reasons.get(name, ""), context) for name, v in verdicts.items()]
    if all(v.kind == "free" for v in verdicts.values()):
        return rows, [], None
    shapes = suggested(request, requested, verdicts, context)
    made = DimensionEvents(request, context, code_of(shapes))
    events = [
        made.event(name, requested[name], verdicts[name], cause, reasons.get(name, ""))
        for name, cause in _to_report(verdicts, requested, judge, {name: symbol for name, (symbol, _) in sizes.items()})
    ]
    return rows, events, shapes


def _sizes_of_inputs(context: TraceContext) -> dict[str, tuple[Any, Any]]:
    """`x.shape[0]` → the symbol that the size was created as (None for a plain size), and the size after the trace."""
    found = {}
    for tracked in context.shape_env.tracked_fakes or ():
        base = in_caller_terms(tracked.source.name)
        if isinstance(tracked.fake, torch.Tensor):
            for index, size in enumerate(tracked.fake.shape):
                found[f"{base}.shape[{index}]"] = (_created_as(size), size)
        else:
            found[base] = (_created_as(tracked.fake), tracked.fake)
    return found


def _created_as(size: Any) -> Any:
    return size.node._expr if isinstance(size, torch.SymInt) else None


def _root(name: str, want: RequestedDim) -> str:
    """The name of the `Dim` that a dimension has, or is derived from; its own name where it has none."""
    return str(getattr(getattr(want.spec, "root", want.spec), "__name__", name))


def _share_causes(verdicts: dict[str, Verdict], requested: Mapping[str, RequestedDim]) -> None:
    """Gives a constant dimension without causes those of another one of its name: a guard that fixes one fixes all."""
    causes = {_root(n, requested[n]): v.causes for n, v in verdicts.items() if v.kind == "constant" and v.causes}
    for name, verdict in verdicts.items():
        if verdict.kind == "constant" and not verdict.causes:
            verdicts[name] = replace(verdict, causes=causes.get(_root(name, requested[name]), ()))


def _to_report(
    verdicts: Mapping[str, Verdict], requested: Mapping[str, RequestedDim], judge: Judge, symbols: Mapping[str, Any]
) -> Iterator[tuple[str, TakenGuard | None]]:
    """The dimensions and causes that get an event. Dimensions of one name with the same outcome get one, and so does a
    guard that compares two dimensions.
    """
    first: dict[str, Verdict] = {}
    reported: set[object] = set()
    for name, verdict in verdicts.items():
        root = _root(name, requested[name])
        if verdict.kind == "free" or (root in first and _same_outcome(first[root], verdict)):
            continue
        first.setdefault(root, verdict)
        causes: tuple[TakenGuard | None, ...] = verdict.causes or (None,)
        for cause in causes:
            key = (cause.expr, place_of(cause.place["stack"], cause.place["module"])) if cause else None
            if (
                cause is None
                or key not in reported
                or judge.exclusions.excludes_alone(cause.expr, symbols[name], requested[name])
            ):
                yield name, cause
                reported.add(key)


def _same_outcome(one: Verdict, other: Verdict) -> bool:
    return one.kind == other.kind != "broken" and bool(one.causes) == bool(other.causes) is True


def _because(cause: TakenGuard, context: TraceContext) -> str:
    """`x.shape[0] > 10 at m.py:12`."""
    stack = cause.place.get("stack", ())
    where = f" at {os.path.basename(stack[-1][0].co_filename)}:{stack[-1][1]}" if stack else ""
    return context.origins.in_user_terms(cause.expr) + where


def _row(name: str, want: RequestedDim, verdict: Verdict, broken: str, context: TraceContext) -> Dimension:
    """One line of the report's table. `broken` says how the example violates the request."""
    reason = "; ".join(_because(cause, context) for cause in verdict.causes[:SHOWN_CAUSES])
    if len(verdict.causes) > SHOWN_CAUSES:
        reason += f"; {len(verdict.causes) - SHOWN_CAUSES} more"
    if verdict.kind == "broken":
        reason = broken
    elif not reason and verdict.kind == "constant":
        reason = "size of 0 or 1 in the example" if want.size < 2 else "the whole model was recorded"
    return Dimension(name=name, asked=str(want), got=verdict.got or "dynamic", reason=reason)
