"""The seven promises of torchdraft, each with a test that a wrong implementation fails."""

from __future__ import annotations

import copy
import io
import logging
import random
import threading
import time
import traceback
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import torchdraft
from tests.engine.compare import difference
from tests.engine.test_cases import replay
from tests.engine.world import World, fakes_alive
from torchdraft import Severity


class Refused(Exception):
    """What a model of the user's raises."""


class Raises(nn.Module):
    def forward(self, x):
        return self.inner(x * 2)

    def inner(self, x):
        raise Refused("not like this")


class RaisesOnValue(nn.Module):
    """Raises depending on the data, after a thread, which no symbolic trace survives."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.seen.append(1)
        self.count += 1
        random.random()
        np.random.rand()
        torch.rand(2)
        x.add_(1)
        worker = threading.Thread(target=x.sum)
        worker.start()
        worker.join()
        if x.sum() > 0:
            raise Refused("positive")
        return x


class Branch(nn.Module):
    def forward(self, x, mask):
        if mask.sum() > 0:
            x = x @ x
        for _ in range(20):
            x = (x @ x).tanh()
        return x


class Reader(nn.Module):
    """Needs the example's values, writes to everything it can, and still drafts."""

    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)
        self.calls = 0
        self.log: list[str] = []

    def forward(self, x):
        self.calls += 1
        self.log.append(str(x.sum().item()))
        y = self.norm(self.lin(x)) + torch.rand(3)
        x.mul_(2)
        return y * 2 if y.sum() > -1000 else y


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 8))

    def forward(self, x):
        return self.net(x).softmax(-1)


# -- 1: a graph, always ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Raises, RaisesOnValue])
@pytest.mark.parametrize("strict", [False, True])
def test_the_models_own_exception_comes_out_unchanged(model, strict):
    x = torch.ones(3)
    with pytest.raises(Refused) as eager:
        model()(x.clone())
    with pytest.raises(Refused) as drafted:
        torchdraft.draft_export(model(), (x,), strict=strict)
    assert type(drafted.value) is Refused
    assert drafted.value.args == eager.value.args
    assert drafted.value.__cause__ is None
    assert drafted.value.__context__ is None or drafted.value.__suppress_context__


@pytest.mark.parametrize("model", [Raises, RaisesOnValue])
def test_the_first_frame_of_it_is_the_users(model):
    with pytest.raises(Refused) as drafted:
        torchdraft.draft_export(model(), (torch.ones(3),))
    test, entry, first, *_ = traceback.extract_tb(drafted.value.__traceback__)
    assert (test.filename, entry.name) == (__file__, "draft_export")
    assert (first.filename, first.name) == (__file__, "forward")


def test_interrupting_is_not_caught():
    class Interrupted(nn.Module):
        def forward(self, x):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        torchdraft.draft_export(Interrupted(), (torch.ones(2),))


# -- 2 and 3: right on the example, right or loud elsewhere (test_cases.py holds the models) ---------------------------


def test_every_value_taken_is_asserted():
    class Reads(nn.Module):
        def forward(self, x, n):
            return x * int(n) + float(x.max()) + len(f"{n}")

    program = torchdraft.draft_export(Reads(), (torch.ones(3), torch.tensor(2)))
    want = Reads()(torch.ones(3), torch.tensor(2))
    assert difference(program.module()(torch.ones(3), torch.tensor(2)), want) == ""
    with pytest.raises(RuntimeError, match="assertion"):
        program.module()(torch.ones(3), torch.tensor(3))


# -- 4: a lossless ledger ----------------------------------------------------------------------------------------------


def test_two_guards_on_one_line_are_two_issues():
    class Two(nn.Module):
        def forward(self, a, b):
            if a.item() > 0 and b.item() > 0:
                return a + b
            return a - b

    report = torchdraft.draft_export(Two(), (torch.tensor(1.0), torch.tensor(2.0)))._report
    first, second = (i for i in report.issues if i.code == "TD101")
    assert first.location.line == second.location.line
    assert first.location.column != second.location.column


def test_the_same_guard_in_a_loop_is_one_issue_with_a_count():
    class Loop(nn.Module):
        def forward(self, x):
            for row in range(3):
                if x[row].sum() > 0:
                    x = x + 1
            return x

    report = torchdraft.draft_export(Loop(), (torch.ones(3, 2),))._report
    (issue,) = (i for i in report.issues if i.code == "TD101")
    assert issue.occurrences == 3


# -- 5: no trace left --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"strict": True}, {"pre_dispatch": False}, {"check_on_example": True}])
def test_nothing_is_left_after_success(options):
    model, x = Reader(), torch.ones(4, 3)
    world = World(model, (x,))
    torchdraft.draft_export(model, (x,), **options)
    assert world.changes() == []


@pytest.mark.parametrize("strict", [False, True])
def test_nothing_is_left_after_failure(strict):
    model, x = RaisesOnValue(), torch.ones(3)
    world = World(model, (x,))
    with pytest.raises(Refused):
        torchdraft.draft_export(model, (x,), strict=strict)
    assert world.changes() == []


def test_classes_registered_for_a_failed_draft_are_forgotten():
    class Box:
        def __init__(self, x):
            self.x = x

    class Model(nn.Module):
        def forward(self, box):
            raise Refused

    model, box = Model(), Box(torch.ones(2))
    world = World(model, (box,))
    with pytest.raises(Refused):
        torchdraft.draft_export(model, (box,))
    assert world.changes() == []


def test_wrong_arguments_leave_nothing():
    model, x = Reader(), torch.ones(4, 3)
    world = World(model, (x,))
    with pytest.raises((TypeError, ValueError)):
        torchdraft.draft_export(model, (x,), dynamic_shapes={"nonsense": None})
    with pytest.raises(TypeError):
        torchdraft.draft_export(model, [x])
    assert world.changes() == []


def test_no_fake_tensor_outlives_a_failed_draft():
    before = fakes_alive()
    with pytest.raises(Refused):
        torchdraft.draft_export(RaisesOnValue(), (torch.ones(3),))
    assert fakes_alive() <= before


def test_no_fake_tensor_outlives_the_program():
    before = fakes_alive()
    program = torchdraft.draft_export(Reader(), (torch.ones(4, 3),))
    del program
    assert fakes_alive() <= before


def test_the_picture_of_the_world_sees_a_change():
    """The check of the check: each of these is a change that promise 5 forbids."""
    model, x = Reader(), torch.ones(4, 3)
    for change, name in (
        (lambda: x.add_(1), "input[0]"),
        (lambda: setattr(model, "calls", 7), ".calls"),
        (lambda: model.log.append("x"), ".log"),
        (lambda: model.norm.running_mean.add_(1), "norm.running_mean[0]"),
        (lambda: model.lin.weight.data.add_(1), "lin.weight[0]"),
        (lambda: torch.rand(1), "torch random state"),
        (lambda: random.random(), "Python random state"),
        (lambda: np.random.rand(), "NumPy random state"),
    ):
        world = World(model, (x,))
        change()
        assert name in world.changes()


# -- 6: cheap ----------------------------------------------------------------------------------------------------------


def test_a_model_without_data_dependence_computes_nothing():
    report = torchdraft.draft_export(Plain(), (torch.ones(2, 8),), check_on_example=False)._report
    assert report.stats.ops_evaluated == 0
    assert report.stats.real_bytes_peak == 0
    assert report.stats.ops_traced > 0


def test_a_branch_on_a_small_input_computes_only_its_slice():
    report = torchdraft.draft_export(Branch(), (torch.ones(64, 64), torch.ones(3)), check_on_example=False)._report
    assert 1 <= report.stats.ops_evaluated <= 4  # sum, the comparison, two for the read
    assert report.stats.real_bytes_peak < 64 * 64 * 4


def test_a_branch_at_the_end_computes_each_op_once():
    class Last(nn.Module):
        def forward(self, x):
            for _ in range(10):
                x = (x @ x).tanh()
            if x.sum() > 5 and x.max() > 7:
                return x
            return -x

    report = torchdraft.draft_export(Last(), (torch.ones(4, 4),), check_on_example=False)._report
    assert report.stats.ops_evaluated <= 2 * 10 + 8


class Timed(nn.Module):
    """An issue of severity `baked`: the time is frozen."""

    def forward(self, x):
        return x * time.time()


class Positive(nn.Module):
    """An issue of severity `guarded`."""

    def forward(self, x):
        return x if x.sum() > 0 else -x


class Picky(nn.Module):
    """No trace with symbols: tensors are instances of a subclass there, so the model is recorded."""

    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        return torch.relu(x)


# -- 7: quiet ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Plain, Reader])
@pytest.mark.parametrize("strict", [False, True])
def test_one_log_line_and_nothing_else(model, strict, caplog, capfd):
    x = torch.ones(4, 8) if model is Plain else torch.ones(4, 3)
    with warnings.catch_warnings(), caplog.at_level(logging.INFO):
        warnings.simplefilter("error")
        torchdraft.draft_export(model(), (x,), strict=strict)
    assert [record.name for record in caplog.records] == ["torchdraft"]
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


@pytest.mark.parametrize(
    ("model", "level"),
    [(Plain, logging.INFO), (Positive, logging.INFO), (Timed, logging.WARNING), (Picky, logging.WARNING)],
)
def test_what_may_be_wrong_or_is_not_symbolic_is_logged_as_a_warning(model, level, caplog):
    with caplog.at_level(logging.INFO):
        report = torchdraft.draft_export(model(), (torch.ones(4, 8 if model is Plain else 3),))._report
    assert [(record.levelno, report.summary() in record.getMessage()) for record in caplog.records] == [(level, True)]
    assert ("rung: " in caplog.text) == (report.rung != "symbolic")


def test_a_warning_of_the_models_own_does_not_stop_a_draft():
    class Warns(nn.Module):
        def forward(self, x):
            warnings.warn("deprecated", stacklevel=2)
            return x * 2

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torchdraft.draft_export(Warns(), (torch.ones(2),))


# -- all of them -------------------------------------------------------------------------------------------------------


def test_drafting_twice_gives_the_same():
    model, x = Reader(), torch.ones(4, 3)
    first = torchdraft.draft_export(model, (x,))
    second = torchdraft.draft_export(model, (x,))
    assert [str(n.target) for n in first.graph.nodes] == [str(n.target) for n in second.graph.nodes]
    assert [i.message for i in first._report.issues] == [i.message for i in second._report.issues]


def test_a_saved_program_is_read_by_torch_alone():
    x = torch.ones(4, 3)
    program = torchdraft.draft_export(Reader(), (x,))
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of torch
        again = torch.export.load(file)
        lowered = program.run_decompositions()
        redrafted = torch.export.export(program.module(), (x.clone(),))
    want = replayed(program, x)
    for other in (again, lowered, redrafted):
        assert difference(replayed(other, x), want) == ""


def replayed(program: torch.export.ExportedProgram, *args: Any) -> Any:
    """The output on copies of `args`, from the same random state and the same buffers each time."""
    module = replay(program)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return module(*copy.deepcopy(args))


def test_severity_of_a_clean_model_is_none():
    report = torchdraft.draft_export(Plain(), (torch.ones(2, 8),))._report
    assert report.successful()
    assert all(issue.severity is Severity.NOTE for issue in report.issues)
