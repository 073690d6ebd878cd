"""What exploring paths costs is bounded, and what is past a bound stays guarded."""

from __future__ import annotations

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, drafted, kept, outcome
from tests.draft.paths.models import LOOPS, ElseIf, InRow, TwoSides
from torchdraft._draft import entry
from torchdraft._draft.paths.budget import PathBudget
from torchdraft._draft.rungs import nonstrict


@pytest.fixture
def budget(monkeypatch):
    """Sets the budget of drafts."""
    return lambda **bounds: monkeypatch.setattr(entry, "_budget_of", lambda _paths: PathBudget(**bounds))


@pytest.mark.parametrize("model", LOOPS, ids=lambda model: model.__name__)
def test_loops_of_few_turns(model: type[torch.nn.Module]) -> None:
    assert_right(model(), *LOOPS[model])


class Range(torch.nn.Module):
    def forward(self, x, n):
        seen = []
        for step in range(int(n)):
            x = x * 2 + step
            seen.append(step)
        return x * (1 + len(seen))


class While(torch.nn.Module):
    def forward(self, x):
        turns = 0
        while x.norm() > 1:
            x = x / 2
            turns += 1
        return x + turns


class UntilAll(torch.nn.Module):
    def forward(self, x):
        done, turns = x > 4, 0
        while not done.all():
            x = torch.where(done, x, x * 2)
            done = x > 4
            turns += 1
        return x * turns


@pytest.mark.parametrize(
    ("model", "right", "loud"),
    [
        (Range, [(UP, torch.tensor(n)) for n in (2, 0, 1, 4)], (UP, torch.tensor(6))),
        (While, [(UP * by,) for by in (1.0, 0.01, 3.0)], (UP * 1000,)),
        (UntilAll, [(UP,), (UP * 10,), (torch.tensor([2.0, 9.0, 9.0]),)], (UP / 1000,)),
    ],
)
def test_a_loop_is_unrolled_to_a_bound_and_loud_beyond_it(model, right, loud, budget) -> None:
    budget(at_one_line=4)
    program = drafted(model(), right[0])
    assert [outcome(model(), program, args) for args in right] == ["right"] * len(right)
    assert outcome(model(), program, loud) == "loud"
    assert kept(program)[-1] is False
    reason = "this line has 4 branches already, the most that are kept of one line"
    assert program._report.paths[-1].reason == reason
    assert reason in program._report.issues[0].message


def test_the_number_of_traces_is_bounded(budget) -> None:
    budget(paths=2)
    program = drafted(ElseIf(), (UP * 10,))
    assert outcome(ElseIf(), program, (UP * 10,)) == "right"
    assert False in kept(program)
    assert "2 paths were traced, the most for one program" in program._report.issues[0].message


def test_the_time_is_bounded(budget) -> None:
    budget(seconds=0.0)
    program = drafted(InRow(), (UP,))
    assert outcome(InRow(), program, (UP,)) == "right"
    assert not any(kept(program))


class Unsupported(torch.nn.Module):
    """The other side raises, whatever the input is."""

    def forward(self, x):
        y = x * 2 if x.max() > 2 else x
        if x.sum() > 0:
            return y
        raise NotImplementedError("negative sums")


def test_a_side_that_raises_stays_guarded() -> None:
    program = drafted(Unsupported(), (UP,))
    assert [outcome(Unsupported(), program, (x,)) for x in (UP, MIXED)] == ["right", "right"]
    with pytest.raises(RuntimeError):
        program.module()(DOWN)
    assert kept(program) == [True, False]
    assert "negative sums" in program._report.paths[1].reason


class Prints(torch.nn.Module):
    """Counts how often its code runs, in a list that the draft restores."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x):
        self.calls.append(1)
        return x * 2 if x.sum() > 0 else x


def test_state_is_put_back_between_the_traces() -> None:
    model = Prints()
    assert_right(model, (UP,), (DOWN,))
    assert model.calls == []


class CatchesWhatEndsTheTrace(torch.nn.Module):
    def forward(self, x):
        try:
            positive = bool(x.sum() > 0)
        except BaseException:
            positive = False
        return x * 2 if positive else x - 1


def test_a_model_that_catches_everything_takes_its_own_path() -> None:
    """The trace of the example ends at the first question with an exception, which this model catches."""
    program = drafted(CatchesWhatEndsTheTrace(), (UP,))
    assert outcome(CatchesWhatEndsTheTrace(), program, (UP,)) == "right"
    assert outcome(CatchesWhatEndsTheTrace(), program, (DOWN,)) == "right"


def test_the_example_is_traced_up_to_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    original, finished = nonstrict.finish, []

    def noted(*args):
        finished.append(args)
        return original(*args)

    monkeypatch.setattr(nonstrict, "finish", noted)
    drafted(CatchesWhatEndsTheTrace(), (UP,))
    assert len(finished) <= 2  # the program, and the trace that had caught what should have ended it
    finished.clear()
    drafted(TwoSides(), (UP,))
    assert len(finished) == 1
