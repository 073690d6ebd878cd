"""What a watcher of side effects is, and what the watchers of one trace share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from torchdraft._draft.state.module_states import ModuleStates
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.request import Request
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import Event

from .assigned_lines import AssignedLines
from .clock_answers import ClockAnswers
from .residual_state import ResidualState


@dataclass(frozen=True, slots=True)
class WatchedTrace:
    """One trace, and what its watchers share. Each watcher keeps everything else itself."""

    context: TraceContext
    answers: ClockAnswers
    """What clocks and makers of unique names return."""
    calls: tuple[str, ...] = ()
    """The functions whose calls a rule asks for, by dotted name."""
    residual: ResidualState = field(default_factory=ResidualState)
    """What `forward` left behind, for a second trace to start from."""
    assigned: AssignedLines = field(default_factory=AssignedLines)
    """The lines that assigned the attributes of modules."""
    moved_by_others: set[str] = field(default_factory=set)
    """Random generators of the process that a thread outside the draft drew from: `random`, `numpy.random`."""


@dataclass(frozen=True, slots=True)
class Forward:
    """One run of the model's `forward` in a trace."""

    module: torch.nn.Module
    arguments: Mapping[str, Any]
    at_draft: Snapshot
    """The state before the draft."""
    at_entry: ModuleStates
    """The state of the modules when `forward` began. Tracing itself changes some of it before that."""


class Watcher:
    """Watches one kind of side effect during one trace. The methods do nothing unless a subclass overrides them.

    A subclass is declared with `@watches(why="…")` (`watchers.py`). An instance is made for each trace.
    """

    name: ClassVar[str]
    """Set by `@watches`: the name that `watchers.ORDER` refers to."""
    why: ClassVar[str]

    def __init__(self, trace: WatchedTrace) -> None:
        self.trace = trace
        self.context = trace.context

    def install(self, changes: Changes, at_draft: Snapshot) -> None:
        """Makes the changes that are in force while the model is traced. They must act only where
        `draft_threads.belongs()`, since other threads see them too.
        """

    def begin(self, changes: Changes, forward: Forward) -> None:
        """Called before `forward` runs. The changes are undone when it ends, before `end`."""

    def end(self, forward: Forward, output: Any) -> Any:
        """Called when `forward` ended, before any watcher reports. Returns the output that the program has."""
        return output

    def report(self, forward: Forward) -> Iterable[Event]:
        """The events of side effects that show when `forward` ended."""
        return ()

    def restore(self, forward: Forward) -> None:
        """Puts back what export must not find changed. Called after every watcher has reported."""

    def report_trace(self, request: Request) -> Iterable[Event]:
        """The events of side effects that show when export has made the program."""
        return ()
