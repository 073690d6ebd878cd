"""The watchers of one trace, as one object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.request import Request
from torchdraft._torch.patching.changes import Changes

from .clock_answers import ClockAnswers
from .protocol import Forward, WatchedTrace, Watcher
from .residual_state import ResidualState
from .watchers import watchers_of

W = TypeVar("W", bound=Watcher)


class TraceEffects:
    """Every watcher of one trace. The session makes it, the rungs enter it, and reports come out in the event log."""

    def __init__(self, context: TraceContext, answers: ClockAnswers, calls: Iterable[str] = ()) -> None:
        """`calls`: the functions whose calls rules ask for, by dotted name."""
        self.context = context
        self.trace = WatchedTrace(context, answers, tuple(calls))
        self._watchers = watchers_of(self.trace)

    @property
    def answers(self) -> ClockAnswers:
        """What clocks and makers of unique names returned."""
        return self.trace.answers

    @property
    def residual(self) -> ResidualState:
        """What `forward` left on the model and around it."""
        return self.trace.residual

    def watcher(self, kind: type[W]) -> W:
        """The watcher of a class."""
        return next(watcher for watcher in self._watchers if isinstance(watcher, kind))

    def installed(self, at_draft: Snapshot) -> Changes:
        """A context in which side effects are watched. `at_draft` is the state before the draft."""

        def install(changes: Changes) -> None:
            for watcher in self._watchers:
                watcher.install(changes, at_draft)

        return Changes(install)

    def running(self, forward: Forward) -> Changes:
        """A context to run `forward` in."""

        def begin(changes: Changes) -> None:
            for watcher in self._watchers:
                watcher.begin(changes, forward)

        return Changes(begin)

    def ended(self, forward: Forward, output: Any) -> Any:
        """Reports what `forward` did and returns the output that the program has. Called after `running`."""
        for watcher in self._watchers:
            output = watcher.end(forward, output)
        for watcher in self._watchers:
            for event in watcher.report(forward):
                self.context.log.emit(event)
        for watcher in self._watchers:
            watcher.restore(forward)
        return output

    def report_trace(self, request: Request) -> None:
        """Reports what shows only when export has made the program."""
        for watcher in self._watchers:
            self.context.log.extend(watcher.report_trace(request))
