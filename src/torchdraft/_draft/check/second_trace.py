"""Traces the model a second time, from the state that `forward` left and with other answers of clocks, and marks the
effects that do not change the program as harmless.

A module may store that it has been initialized, or the length of the last input, and overwrite that before it reads it.
The write looks like that of a counter, which changes later calls. Likewise, a time that is logged looks like one that
is computed with. The second trace distinguishes them.
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
from torchdraft._draft.state.containers import content_of, restore_content
from torchdraft.model.events import AttributeWritten, Event, ImpureCall, OutsideStateWritten

Retrace = Callable[[ClockAnswers], tuple[torch.export.ExportedProgram, TraceEffects]]
"""Traces the model again from its current state, with these answers of clocks."""


def mark_harmless_effects(
    mod: torch.nn.Module, program: torch.export.ExportedProgram, effects: TraceEffects, retrace: Retrace
) -> None:
    """Marks the state that `forward` changed, and its reads of clocks and random names, as harmless.

    They are where a second trace produces the same program and the same state.
    """
    wrote, read = bool(effects.residual), bool(effects.answers)
    after = _same_when_traced_again(mod, program, effects, retrace, others=read) if wrote or read else None
    if after is None and wrote and read:  # one of them may be harmless
        read = False
        after = _same_when_traced_again(mod, program, effects, retrace, others=False)
    if after is None:
        return
    settled, remembered = _settled(effects.residual, after.residual), _remembered(effects.residual, after.residual)
    unused = read and effects.answers.same_queries(after.answers)
    effects.context.log.rewrite(lambda event: _harmless(event, settled, remembered, unused))


def _settled(first: ResidualState, second: ResidualState) -> set[str]:
    """The attributes that the second trace did not change, or to which it assigned the same as the first."""
    settled = first.attributes.keys() - second.written
    settled |= {name for name, key in first.containers.items() if second.containers.get(name) == key}
    settled |= {name for name, size in first.symbolic_sizes.items() if second.symbolic_sizes.get(name) == size}
    tables = second.constant_tensors
    settled |= {n for n, t in first.constant_tensors.items() if n in tables and _same_constant(t, tables[n])}
    return settled | {hooks_of(name) for name in first.hooks.keys() - second.hooks.keys()}


def _remembered(first: ResidualState, second: ResidualState) -> set[str]:
    """The names outside the model that have the same value after both traces."""
    return {name for name, value in first.values.items() if value.same_as(second.values.get(name))}


def _same_when_traced_again(
    mod: torch.nn.Module,
    program: torch.export.ExportedProgram,
    effects: TraceEffects,
    retrace: Retrace,
    *,
    others: bool,
) -> TraceEffects | None:
    """The effects of the second trace; None if its program differs. `others`: clocks give it other answers."""
    _restore_residual(mod, effects.residual)
    codes = {frame[0] for event in effects.context.log if _may_be_unused(event) for frame in event.stack}
    clear_caches(codes)  # they may contain values computed from the first answers
    try:
        second, after = retrace(ClockAnswers(effects.answers, others=others))
    except Exception:
        return None
    finally:
        clear_caches(codes)  # the caller must not get values computed from other answers
    return after if same_program(program, second) else None


def _restore_residual(mod: torch.nn.Module, residual: ResidualState) -> None:
    """Restores the state that `forward` left."""
    for name, value in residual.attributes.items():
        owner, _, leaf = name.rpartition(".")
        attributes = mod.get_submodule(owner).__dict__
        if name in residual.changed_in_place:
            restore_content(attributes[leaf], content_of(value))
        else:
            attributes[leaf] = value
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
    """Whether two programs have the same operations, ranges and constants."""
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
