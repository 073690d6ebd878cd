"""Whether a second trace makes the same program: from the state that `forward` left on the model or outside, and with
other answers from clocks and makers of names.

A library notes, on a module or in a table of its own, that it has set something up, or how long the input was; nobody
reads it before it is written again. That can't be told from a counter by looking at the write. Nor can a time that is
logged be told from one that is computed with.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from typing import Any

import torch

from torchdraft._draft.effects.clock_answers import ClockAnswers, can_be_varied
from torchdraft._draft.effects.lru_caches import clear_caches
from torchdraft._draft.effects.mutations import hooks_of
from torchdraft._draft.tracing.session import Session
from torchdraft.model.events import AttributeWritten, Event, ImpureCall, OutsideStateWritten

Attempt = Callable[[ClockAnswers], tuple[torch.export.ExportedProgram, Session]]
"""One more trace from the state the model is in, which hears these answers."""


def mark_harmless_effects(
    mod: torch.nn.Module, program: torch.export.ExportedProgram, session: Session, retrace: Attempt
) -> None:
    """Marks the session's plain writes and its reads of clocks and names as harmless where a second call gives the same
    program and leaves the same state.
    """
    written = bool(session.plain_values_left or session.residual_values or session.hooks_left)
    read = bool(session.answers)
    after = _traced_alike(mod, program, session, retrace, others=read) if written or read else None
    if after is None and written and read:  # one of both may be harmless
        read = False
        after = _traced_alike(mod, program, session, retrace, others=False)
    if after is None:
        return
    settled = session.plain_values_left.keys() - after.plain_values_left.keys()
    settled |= {
        name for name, size in session.symbolic_sizes_left.items() if after.symbolic_sizes_left.get(name) == size
    }
    tables = after.constant_tensors_left
    settled |= {n for n, t in session.constant_tensors_left.items() if n in tables and _same_constant(t, tables[n])}
    settled |= {hooks_of(name) for name in session.hooks_left.keys() - after.hooks_left.keys()}
    remembered = {
        name for name, left in session.residual_values.items() if left.same_as(after.residual_values.get(name))
    }
    idle = read and session.answers.same_queries(after.answers)
    session.events[:] = [_harmless(event, settled, remembered, idle) for event in session.events]


def _traced_alike(
    mod: torch.nn.Module,
    program: torch.export.ExportedProgram,
    session: Session,
    retrace: Attempt,
    *,
    others: bool,
) -> Session | None:
    """The second trace, if its program is the same."""
    for name, value in session.plain_values_left.items():
        owner, _, leaf = name.rpartition(".")
        mod.get_submodule(owner).__dict__[leaf] = value
    for name, tables in session.hooks_left.items():
        for table, hooks in tables.items():
            live = mod.get_submodule(name).__dict__[table]
            live.clear()
            live.update(hooks)
    for left in session.residual_values.values():
        left.again()
    codes = {frame[0] for event in session.events if _may_be_idle(event) for frame in event.stack}
    clear_caches(codes)  # what was made of the first answers is not to be remembered
    try:
        second, after = retrace(ClockAnswers(session.answers, others=others))
    except Exception:
        return None
    finally:
        clear_caches(codes)  # nor, by the caller's process, what was made of others
    return after if same_program(program, second) else None


def _harmless(event: Event, settled: Set[str], remembered: Set[str], idle: bool) -> Event:
    if isinstance(event, AttributeWritten) and event.name in settled and not event.kept:
        return replace(event, same_each_time=True)
    if isinstance(event, OutsideStateWritten) and event.name in remembered:
        return replace(event, same_each_time=True)
    if isinstance(event, ImpureCall) and idle and _may_be_idle(event):
        return replace(event, unused=True)
    return event


def _may_be_idle(event: Event) -> bool:
    return isinstance(event, ImpureCall) and can_be_varied(event.what)


def same_program(one: torch.export.ExportedProgram, other: torch.export.ExportedProgram) -> bool:
    """Whether two programs hold the same operations, ranges and constants."""
    return (
        str(one.graph) == str(other.graph)
        and str(one.range_constraints) == str(other.range_constraints)
        and one.constants.keys() == other.constants.keys()
        and all(_same_constant(one.constants[name], other.constants[name]) for name in one.constants)
    )


def _same_constant(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one is other or (one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all()))
    return type(one) is type(other)
