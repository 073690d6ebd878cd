"""Measures the cost of the report: drafts with it, and drafts that record no locations, events and issues.

The measure is processor time, which other load on the machine affects least.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torchdraft
from torchdraft._draft.effects import assigned_lines
from torchdraft._draft.guards import shape_env
from torchdraft._draft.reads import function_mode, shown_numbers
from torchdraft._draft.report import assemble
from torchdraft._draft.tracing import event_log, symbol_origins, user_tensors

from ..isolate import in_fork
from ..progress import progress
from .models import Example, branchy_transformer, sites, vision

NOWHERE: dict[str, Any] = {"stack": (), "module": "", "locals": {}}


@dataclass(frozen=True, slots=True)
class Weighed:
    """A model to draft with and without the report."""

    name: str
    make: Callable[[], Example]
    most: float
    """The maximum cost of the report, relative to the draft without it."""


WEIGHED = (
    Weighed("vision model, dynamic", vision, 0.05),
    Weighed("transformer with a branch, dynamic", branchy_transformer, 0.05),
    Weighed("160 data-dependent sites", lambda: sites(160), 0.10),
    Weighed("640 data-dependent sites", lambda: sites(640), 0.10),
)


@contextmanager
def without_ledger() -> Iterator[None]:
    """Drafts inside the block record nothing for the report."""
    with ExitStack() as stack:
        for module in (shape_env, function_mode, shown_numbers, user_tensors):
            stack.enter_context(patch.object(module, "here", lambda *_: NOWHERE))
        for module in (event_log, assigned_lines, user_tensors):
            stack.enter_context(patch.object(module, "user_stack", lambda *_: ()))
        stack.enter_context(patch.object(assemble, "issues_from", lambda _events: ()))
        for owner, name in (
            (event_log.EventLog, "emit"),
            (symbol_origins.SymbolOrigins, "note"),
            (user_tensors.UserTensors, "note_writes"),
            (assigned_lines.AssignedLines, "note"),
        ):
            stack.enter_context(patch.object(owner, name, lambda *_: None))
        yield


LONG_ENOUGH = 3.0
"""Short drafts are repeated until they took this many seconds together, since one of them alone is mostly noise."""


def cost(example: Example, recording: bool) -> float:
    """The processor time of one draft, in seconds; of several short ones the least."""
    mod, args, kwargs, shapes = example
    seconds: list[float] = []
    with ExitStack() as stack:
        if not recording:
            stack.enter_context(without_ledger())
        while sum(seconds) < LONG_ENOUGH:
            started = time.process_time()
            torchdraft.draft_export(mod, args, kwargs, dynamic_shapes=shapes, check_on_example=False)
            seconds.append(time.process_time() - started)
    return min(seconds)


def weigh(rounds: int, timeout: float) -> Iterator[str]:
    """One line per model: both medians, and the relative cost of the report."""
    yield f"{'':36} {'without':>9} {'with':>9} {'added':>8} {'at most':>8}"
    for weighed in WEIGHED:
        seconds: dict[bool, list[float]] = {False: [], True: []}
        error = ""
        for number in range(2 * rounds):
            recording = number % 2 == 1
            progress(f"{weighed.name}, {'with' if recording else 'without'} its ledger")
            outcome = in_fork(lambda w=weighed, r=recording: cost(w.make(), r), timeout)  # type: ignore[misc]
            error = error or outcome.error or ""
            if outcome.error is None:
                seconds[recording].append(outcome.value)
        progress("")
        if error:
            yield f"{weighed.name:36} {error}"
            continue
        without, with_it = (statistics.median(seconds[recording]) for recording in (False, True))
        added = with_it / without - 1
        verdict = "reached" if added <= weighed.most else "missed"
        yield f"{weighed.name:36} {without:7.2f} s {with_it:7.2f} s {added:+8.1%} {weighed.most:8.0%}  {verdict}"
