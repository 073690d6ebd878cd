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

from torchdraft._draft.effects.calls.lru_caches import clear_caches
from torchdraft._draft.effects.clock_answers import ClockAnswers, can_be_varied
from torchdraft._draft.effects.mutations.registered_hooks import hooks_of
from torchdraft._draft.effects.residual_state import ResidualState
from torchdraft._draft.effects.trace_effects import TraceEffects
from torchdraft.model.events import AttributeWritten, Event, ImpureCall, OutsideStateWritten

Retrace = Callable[[ClockAnswers], tuple[torch.export.ExportedProgram, TraceEffects]]
"""Traces the model once more from the state it is in, with these answers of clocks."""


def mark_harmless_effects(
    mod: torch.nn.Module, program: torch.export.ExportedProgram, effects: TraceEffects, retrace: Retrace
) -> None:
    """Marks the state that `forward` left, and its reads of clocks and names, as harmless where a second trace gives
    the same program and leaves the same state.
    """
    left, read = bool(effects.residual), bool(effects.answers)
    after = _traced_alike(mod, program, effects, retrace, others=read) if left or read else None
    if after is None and left and read:  # one of both may be harmless
        read = False
        after = _traced_alike(mod, program, effects, retrace, others=False)
    if after is None:
        return
    settled, remembered = _settled(effects.residual, after.residual), _remembered(effects.residual, after.residual)
    unused = read and effects.answers.same_queries(after.answers)
    effects.context.log.rewrite(lambda event: _harmless(event, settled, remembered, unused))


def _settled(first: ResidualState, second: ResidualState) -> set[str]:
    """Attributes that the second trace left as it found them, or left as the first did."""
    settled = first.attributes.keys() - second.attributes.keys()
    settled |= {name for name, size in first.symbolic_sizes.items() if second.symbolic_sizes.get(name) == size}
    tables = second.constant_tensors
    settled |= {n for n, t in first.constant_tensors.items() if n in tables and _same_constant(t, tables[n])}
    return settled | {hooks_of(name) for name in first.hooks.keys() - second.hooks.keys()}


def _remembered(first: ResidualState, second: ResidualState) -> set[str]:
    """Names outside the model that both traces left with the same value."""
    return {name for name, value in first.values.items() if value.same_as(second.values.get(name))}


def _traced_alike(
    mod: torch.nn.Module,
    program: torch.export.ExportedProgram,
    effects: TraceEffects,
    retrace: Retrace,
    *,
    others: bool,
) -> TraceEffects | None:
    """The effects of the second trace, if its program is the same. `others`: clocks give it other answers."""
    _leave_again(mod, effects.residual)
    codes = {frame[0] for event in effects.context.log if _may_be_unused(event) for frame in event.stack}
    clear_caches(codes)  # they may hold what was computed from the first answers
    try:
        second, after = retrace(ClockAnswers(effects.answers, others=others))
    except Exception:
        return None
    finally:
        clear_caches(codes)  # nor may the caller's process keep what was computed from others
    return after if same_program(program, second) else None


def _leave_again(mod: torch.nn.Module, residual: ResidualState) -> None:
    """Puts the model into the state that `forward` left."""
    for name, value in residual.attributes.items():
        owner, _, leaf = name.rpartition(".")
        mod.get_submodule(owner).__dict__[leaf] = value
    for name, tables in residual.hooks.items():
        for table, hooks in tables.items():
            live = mod.get_submodule(name).__dict__[table]
            live.clear()
            live.update(hooks)
    for left in residual.values.values():
        left.put()


def _harmless(event: Event, settled: Set[str], remembered: Set[str], unused: bool) -> Event:
    if isinstance(event, AttributeWritten) and event.name in settled and not event.kept:
        return replace(event, same_each_time=True)
    if isinstance(event, OutsideStateWritten) and event.name in remembered:
        return replace(event, same_each_time=True)
    if isinstance(event, ImpureCall) and unused and _may_be_unused(event):
        return replace(event, unused=True)
    return event


def _may_be_unused(event: Event) -> bool:
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
