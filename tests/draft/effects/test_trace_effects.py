"""The watchers of one trace as one object: the order of their methods, and what they undo."""

from __future__ import annotations

import pytest
import torch

from torchdraft._draft.effects.calls.threads import Threads
from torchdraft._draft.effects.clock_answers import ClockAnswers
from torchdraft._draft.effects.protocol import Forward, Watcher
from torchdraft._draft.effects.trace_effects import TraceEffects
from torchdraft._draft.effects.watchers import WATCHERS, watches
from torchdraft._draft.state.module_states import ModuleStates
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft.model.events import ImpureCall


class Place:
    value = "original"


@pytest.fixture
def calls():
    """What two watchers do, in order."""
    made = []
    with WATCHERS.restored():

        def declare(name):
            def install(self, changes, at_draft):
                made.append((name, "install", belongs()))
                changes.attribute(Place, "value", name)

            def begin(self, changes, forward):
                made.append((name, "begin", Place.value))
                changes.attribute(Place, "value", f"{name} in forward")

            def end(self, forward, output):
                made.append((name, "end", Place.value))
                return [*output, name]

            def report(self, forward):
                made.append((name, "report", len(self.context.log.caught())))
                yield ImpureCall(stack=(), what=name)

            def restore(self, forward):
                made.append((name, "restore", Place.value))

            body = {"install": install, "begin": begin, "end": end, "report": report, "restore": restore}
            watches(why="A test.")(type(name, (Watcher,), body))

        declare("Xylophone")
        declare("Zither")
        yield made


class Model(torch.nn.Module):
    def forward(self, x):
        return x


@pytest.fixture
def effects():
    return TraceEffects(TraceContext(budget=1 << 20), ClockAnswers())


def test_every_watcher_ends_before_one_reports_and_reports_before_one_restores(calls, effects):
    mod = Model()
    snapshot = Snapshot(mod)
    forward = Forward(mod, {}, at_draft=snapshot, at_entry=ModuleStates.of(mod))
    effects.context.fake_mode = None
    effects.context.shape_env = type("Env", (), {"tracked_fakes": ()})()
    with effects.installed(snapshot):
        with effects.running(forward):
            assert Place.value == "Zither in forward"
        assert Place.value == "Zither"
        output = effects.ended(forward, [])
    assert output == ["Xylophone", "Zither"]
    assert Place.value == "original"
    assert calls == [
        ("Xylophone", "install", True),
        ("Zither", "install", True),
        ("Xylophone", "begin", "Zither"),
        ("Zither", "begin", "Xylophone in forward"),
        ("Xylophone", "end", "Zither"),
        ("Zither", "end", "Zither"),
        ("Xylophone", "report", 0),
        ("Zither", "report", 0),
        ("Xylophone", "restore", "Zither"),
        ("Zither", "restore", "Zither"),
    ]
    assert [event.what for event in effects.context.log] == ["Xylophone", "Zither"]


def test_a_watcher_that_fails_leaves_nothing_installed(calls, effects):
    class Fails(Watcher):
        def install(self, changes, at_draft):
            changes.attribute(Place, "value", "half done")
            raise KeyboardInterrupt

    effects._watchers.append(Fails(effects.trace))
    with pytest.raises(KeyboardInterrupt), effects.installed(Snapshot(Model())):
        pass
    assert Place.value == "original"
    assert not belongs()


def test_a_watcher_is_found_by_its_class(effects):
    assert type(effects.watcher(Threads)) is Threads
    assert effects.watcher(Threads) is effects.watcher(Threads)
