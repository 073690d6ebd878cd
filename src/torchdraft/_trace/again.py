"""Whether what `forward` left on the model or outside makes its next call another one: traced again, from that state.

A library notes, on a module or in a table of its own, that it has set something up, or how long the input was; nobody
reads it before it is written again. That can't be told from a counter by looking at the write.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from typing import Any

import torch

from .events import AttributeWritten, Event, OutsideStateWritten
from .session import Session

Attempt = Callable[[], tuple[torch.export.ExportedProgram, Session]]


def tell_harmless_writes(
    mod: torch.nn.Module, program: torch.export.ExportedProgram, session: Session, trace_again: Attempt
) -> None:
    """Marks the session's plain writes as harmless where a second call gives the same program and the same state."""
    if not session.plain_writes and not session.plain_left:
        return
    for name, value in session.plain_writes.items():
        owner, _, leaf = name.rpartition(".")
        mod.get_submodule(owner).__dict__[leaf] = value
    for left in session.plain_left.values():
        left.again()
    try:
        second, after = trace_again()
    except Exception:
        return
    if not same_program(program, second):
        return
    settled = session.plain_writes.keys() - after.plain_writes.keys()
    remembered = {name for name, left in session.plain_left.items() if left.same_as(after.plain_left.get(name))}
    session.events[:] = [_harmless(event, settled, remembered) for event in session.events]


def _harmless(event: Event, settled: Set[str], remembered: Set[str]) -> Event:
    if isinstance(event, AttributeWritten) and event.name in settled and not event.kept:
        return replace(event, same_each_time=True)
    if isinstance(event, OutsideStateWritten) and event.name in remembered:
        return replace(event, same_each_time=True)
    return event


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
