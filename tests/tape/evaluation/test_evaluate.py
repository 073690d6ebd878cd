"""Compares the tape with eager on random programs, and checks that planted mistakes are found."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from tests.tape.programs import DROP, Step, differences, programs
from torchdraft._draft.custom_ops.fake_kernels import FakeKernels
from torchdraft._draft.rungs.session import Session
from torchdraft._tape import tape
from torchdraft._tape.evaluation import evaluate, transient
from torchdraft._tape.evaluation.evaluate import RealValues
from torchdraft._tape.evaluation.reading import Reader
from torchdraft._tape.evaluation.rng_replay import RngReplay
from torchdraft._tape.op_schema import signature_of

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=200)


def counted_runs(patch: pytest.MonkeyPatch) -> Counter[int]:
    """Identity of a record → how often it has run, from now on."""
    runs: Counter[int] = Counter()
    kept: list[Any] = []  # so that no other record gets its identity
    call = RealValues._call

    def counted(self: RealValues, record: Any, *watched: Any) -> Any:
        runs[id(record)] += 1
        kept.append(record)
        return call(self, record, *watched)

    patch.setattr(RealValues, "_call", counted)
    return runs


@few
@given(programs)
def test_demanded_values_are_eagers(program):
    assert differences(program) == []


@few
@given(programs)
def test_without_room_values_are_computed_again_and_the_same(program):
    assert differences(program, budget=0) == []


@few
@given(programs)
def test_each_op_runs_once_while_its_value_is_alive(program):
    with pytest.MonkeyPatch.context() as patch:
        runs = counted_runs(patch)
        differences([step for step in program if step.op != DROP])
    assert max(runs.values(), default=0) <= 1


@many
@given(programs)
def test_transient_runs_give_the_same_values_and_run_no_op_three_times(program):
    def looked_at(self: FakeKernels, mode: Any, record: Any, args: Any, kwargs: Any, fake: Any) -> Any:
        out = fake()
        if not signature_of(record.func).changes_metadata:  # these must not run: they would change the user's tensor
            mode.context.reals.run_transient(record)
        return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transient, "LARGE", 1)
        runs = counted_runs(patch)
        patch.setattr(FakeKernels, "run", looked_at)
        assert differences(program) == []
    assert max(runs.values(), default=0) <= 2


@few
@given(programs)
def test_values_go_with_the_tensors(program):
    seen: list[Session] = []
    assert differences(program, session_seen=seen.append) == []
    if seen[0].reals.bytes_held:
        gc.collect()
    # The current values of the user's tensors stay as long as the trace may read them.
    cells = seen[0].tape.sources.values()
    written = [cell.version.value() for cell in cells if cell.version.origin is not None]
    assert seen[0].reals.bytes_held == sum(t.untyped_storage().nbytes() for t in written if t is not None)


def lost_version(patch: pytest.MonkeyPatch) -> None:
    """A write makes no new version."""
    advance = tape.Cell.advance

    def once(self: tape.Cell, version: tape.Version) -> None:
        if not hasattr(self, "version"):
            advance(self, version)

    patch.setattr(tape.Cell, "advance", once)


def stale_view(patch: pytest.MonkeyPatch) -> None:
    """A view keeps the value of its base from its first read."""
    view = Reader.view
    memory: dict[int, Any] = {}
    kept: list[Any] = []

    def remembered(self: Reader, handle: tape.View, parent: Any) -> Any:
        kept.append(handle)
        if id(handle) not in memory:
            memory[id(handle)] = view(self, handle, parent).clone()
        return memory[id(handle)]

    patch.setattr(Reader, "view", remembered)


def leaked_write(patch: pytest.MonkeyPatch) -> None:
    """A write changes the value itself (the user's tensor, or an older version) instead of a copy."""
    patch.setattr(evaluate, "copy_with_storage", lambda tensor: tensor)


def frozen_randomness(patch: pytest.MonkeyPatch) -> None:
    """Random ops that are not computed do not advance the random state."""
    patch.setattr(RngReplay, "_skip", lambda self, drawn, symbols: self.states.append(self.states[-1]))


def wrong_moment(patch: pytest.MonkeyPatch) -> None:
    """An operand is read at the version when its op runs, not at the version when the op was recorded."""

    def late(self: Reader, value: Any, roots: Any, own: Any = Reader.concrete) -> Any:
        if isinstance(value, tape.Operand):
            current = value.handle.cell.version
            if current.value() is not None and current not in roots:
                return self.read(value.handle, current, roots)
        return own(self, value, roots)

    patch.setattr(Reader, "concrete", late)


@pytest.mark.parametrize("mistake", [lost_version, stale_view, leaked_write, frozen_randomness, wrong_moment])
def test_a_planted_mistake_is_found(mistake, monkeypatch):
    def is_wrong(program: list[Step]) -> bool:
        try:
            return bool(differences(program))
        except Exception:
            return True

    mistake(monkeypatch)
    find(
        programs,
        is_wrong,
        settings=settings(few, max_examples=500, phases=[Phase.generate], database=None),
    )
