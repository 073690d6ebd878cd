"""The registry of watchers: one declaration adds one, names are unique, and the order is checked."""

from __future__ import annotations

import pytest
import torch

import torchdraft
from torchdraft._draft.effects.clock_answers import ClockAnswers
from torchdraft._draft.effects.protocol import WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import ORDER, WATCHERS, watchers_of, watches
from torchdraft._draft.tracing.context import TraceContext
from torchdraft.model.events import ImpureCall


@pytest.fixture
def trace():
    return WatchedTrace(TraceContext(budget=1 << 20), ClockAnswers())


@pytest.fixture
def declared():
    """The declared watchers, to which a test may add some."""
    with WATCHERS.restored():
        yield WATCHERS.units


class Barometer:
    def read(self):
        return 1013


class Reads(torch.nn.Module):
    def forward(self, x):
        return x * Barometer().read()


def test_one_declaration_adds_a_watcher(declared):
    original = Barometer.read

    @watches(why="A trace bakes the pressure into the program.")
    class Pressure(Watcher):
        reads = 0

        def install(self, changes, at_draft):
            def read(barometer):
                self.reads += 1
                return original(barometer)

            changes.attribute(Barometer, "read", read)

        def report(self, forward):
            assert type(forward.module) is Reads
            for _ in range(self.reads):
                yield ImpureCall(stack=(), what="barometer.pressure")

    (issue,) = torchdraft.draft_export(Reads(), (torch.ones(2),))._report.issues
    assert (issue.code, issue.expr) == ("TD404", "barometer.pressure")
    assert Barometer.read is original


def test_two_watchers_of_one_name_are_refused(declared):
    with pytest.raises(ValueError, match="the watcher Threads is declared twice"):

        @watches(why="")
        class Threads(Watcher):
            pass


def test_every_watcher_of_the_order_is_declared(declared, trace):
    del declared["Threads"]
    with pytest.raises(LookupError, match="not declared: Threads"):
        watchers_of(trace)


def test_watchers_come_in_the_visible_order_and_say_why(trace):
    found = watchers_of(trace)
    names = [watcher.name for watcher in found]
    assert names[: len(ORDER)] == [*ORDER]
    assert names[len(ORDER) :] == sorted(names[len(ORDER) :])
    assert all(watcher.why.endswith(".") for watcher in found)
