"""Loops that data ends are in the program as `torch.while_loop`, with any number of turns."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim

from tests.draft.drafting import raises, replay
from tests.draft.paths.every_path import assert_right, assert_right_or_loud, drafted, outcome
from torchdraft._draft.paths import crosscheck, explore
from torchdraft._draft.paths.budget import PathBudget
from torchdraft._draft.paths.merging import loops
from torchdraft._torch.graph.control_flow import WHILE_LOOP

X = torch.tensor([1.0, 2.0, 3.0])
SCALED = (X * 2,), (X * 200,), (X / 100,), (X * 1e9,)
FEW = PathBudget(at_one_line=2, paths=8)
COUNTS = tuple((X, torch.tensor(n)) for n in (3, 2, 0, 1, 40))
ROWS = tuple((torch.arange(3.0 * n).reshape(n, 3) / n,) for n in (4, 2, 7, 40))


def while_loops(program: torch.export.ExportedProgram) -> int:
    graphs = [m.graph for m in program.graph_module.modules() if isinstance(m, torch.fx.GraphModule)]
    return sum(len(graph.find_nodes(op="call_function", target=WHILE_LOOP)) for graph in graphs)


class WhileLarge(torch.nn.Module):
    def forward(self, x):
        while x.norm() > 1:
            x = x / 2
        return x + 1


class WithTemporaries(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x):
        total = torch.zeros(3)
        while x.norm() > 1:
            step = self.layer(x).tanh()
            total = total + step
            x = x / 2
        return x, total


class UntilSmall(torch.nn.Module):
    def forward(self, x):
        while True:
            if x.norm() < 1:
                break
            x = x / 2
        return x * 3


class Counted(torch.nn.Module):
    def forward(self, x, n):
        for step in range(int(n)):
            x = x * 0.5 + step
        return x


class CountedInSubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Counted()

    def forward(self, x, n):
        return self.inner(x + 1, n) * 2


class OverRows(torch.nn.Module):
    def forward(self, x):
        state = torch.zeros(3)
        for row in x:
            state = (state + row).tanh()
        return state


@pytest.mark.parametrize("example", [0, 2])
@pytest.mark.parametrize("model", [WhileLarge, WithTemporaries, UntilSmall, Counted, CountedInSubmodule])
def test_any_number_of_turns(model, example):
    torch.manual_seed(0)
    inputs = COUNTS if model in (Counted, CountedInSubmodule) else SCALED
    program = assert_right(model(), inputs[example], *inputs)
    assert while_loops(program) == 1
    assert [branch.loop for branch in program._report.paths].count(True) == 1


def test_over_the_rows_of_a_tensor():
    program = assert_right(OverRows(), *ROWS, dynamic_shapes=({0: Dim.AUTO},))
    assert while_loops(program) == 1


class Swaps(torch.nn.Module):
    """Two names stand for one tensor in the first turn alone."""

    def forward(self, x):
        a = b = x
        while a.norm() > 1:
            a, b = b / 2, a - 1
        return a, b


class LagsBehind(torch.nn.Module):
    """What a turn leaves as it is becomes something else in a later one."""

    def forward(self, x):
        last = before = x * 0
        while x.norm() > 1:
            before, last, x = last, x, x / 2
        return x, last, before


class CountsTurns(torch.nn.Module):
    def forward(self, x):
        turns = 0
        while x.norm() > 1:
            x = x / 2
            turns += 1
        return x * turns


class Collects(torch.nn.Module):
    def forward(self, x):
        found = [x]
        while found[-1].norm() > 1:
            found.append(found[-1] / 2)
        return torch.stack(found)


class CollectsByMethod(torch.nn.Module):
    """The list is held by a method of it alone."""

    def forward(self, x):
        put = [].append
        while x.norm() > 1:
            x = x / 2
            put(x)
        return x + len(put.__self__)


class WritesInPlace(torch.nn.Module):
    def forward(self, x):
        y = x.clone()
        while y.norm() > 1:
            y.div_(2)
        return y


class WritesBuffer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("state", torch.zeros(3))

    def forward(self, x):
        while x.norm() > 1:
            self.state += x
            x = x / 2
        return x


class ReassignsBuffer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("state", torch.zeros(3))

    def forward(self, x):
        while x.norm() > 1:
            self.state = self.state + x
            x = x / 2
        return x + self.state


class Grows(torch.nn.Module):
    def forward(self, x):
        while x.norm() < 9:
            x = torch.cat([x, x])
        return x


class BranchInside(torch.nn.Module):
    def forward(self, x):
        while x.norm() > 1:
            x = x / 2 if x.sum() > 0 else x / 3
        return x


class TwoLoops(torch.nn.Module):
    def forward(self, x):
        while x.norm() > 1:
            y = x
            while y.sum() > 1:
                y = y / 2
            x = x / 2 - y / 100
        return x


class HeldByGenerator(torch.nn.Module):
    """How far a generator has come is seen by nobody."""

    def forward(self, x):
        numbers = (k for k in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20) * 2)
        while x.norm() > 1:
            x = x / (1 + next(numbers))
        return x


class WritesRows(torch.nn.Module):
    """A side of a branch in the loop replaces what the other side leaves, and the rows are written in place."""

    def forward(self, x, n):
        rows = torch.zeros(50, 3)
        for row in range(int(n)):
            rows[row] = x * row
            if x[0] > 0:
                x = x - 1
        return rows, x


class AsksTheNumberOfATurn(torch.nn.Module):
    def forward(self, x, n):
        for step in range(int(n)):
            if step % 2 == 0:
                x = x * 1.5
                x = x + step
            else:
                x = x - step
        return x


class Continues(torch.nn.Module):
    def forward(self, x, n):
        for step in range(int(n)):
            if x[0] > 2:
                continue
            x = x + step
            if x[1] > 4:
                x = x - 3
        return x


class RaisesInside(torch.nn.Module):
    def forward(self, x, n):
        for _ in range(int(n)):
            if x.sum() > 1000:
                raise ValueError("too large")
            x = x * 1.1
        return x


class AsksAConstant(torch.nn.Module):
    """Nothing is asked about the constants with which the first turn begins."""

    def forward(self, x, n):
        done = torch.zeros(())
        for _ in range(int(n)):
            x = x - 1 if done > 0 else x * 2
            done = x[0] - 3
        return x


class ViewAfterwards(torch.nn.Module):
    """What the last turn leaves is a view, which is written to."""

    def forward(self, x, n):
        rows = torch.zeros(50, 3)
        last = x * 1
        for row in range(int(n)):
            last = rows[row]
        last += 1
        return rows, last


INSIDE = [WritesRows, AsksTheNumberOfATurn, Continues]
WRITTEN = [Swaps, LagsBehind, WritesInPlace, WritesBuffer, BranchInside, TwoLoops]


@pytest.mark.parametrize("model", INSIDE)
def test_branches_and_writes_are_inside_of_the_loop(model):
    program = assert_right(model(), COUNTS[1], *COUNTS, (-X, torch.tensor(3)))
    assert while_loops(program) == 1


@pytest.mark.parametrize("model", WRITTEN)
def test_loops_over_tensors_that_are_written_to_or_have_several_names(model):
    assert while_loops(assert_right(model(), SCALED[0], *SCALED)) >= 1


def test_a_side_that_raises_is_asserted_in_each_turn():
    program = drafted(RaisesInside(), COUNTS[1])
    assert while_loops(program) == 1
    assert [outcome(RaisesInside(), program, args) for args in COUNTS] == ["right"] * len(COUNTS)
    assert raises(replay(program), (X * 100, torch.tensor(9)))


def test_what_one_side_of_a_branch_leaves_as_it_is_is_carried(monkeypatch):
    monkeypatch.setattr(loops, "_changed_on_a_side", lambda _turn, _loop: [])
    example = -X, torch.tensor(2)
    assert_right_or_loud(WritesRows(), example, COUNTS[1], paths=FEW)
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    program = drafted(WritesRows(), example, paths=FEW)
    assert outcome(WritesRows(), program, COUNTS[1]) not in ("right", "loud")


@pytest.mark.parametrize("model", [AsksAConstant, ViewAfterwards])
def test_turns_that_are_not_alike_are_unrolled_without_the_comparison_with_paths(model, monkeypatch):
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    assert_right_or_loud(model(), COUNTS[1], *COUNTS, paths=FEW)


HARD = [CountsTurns, Collects, CollectsByMethod, ReassignsBuffer, Grows, HeldByGenerator]


@pytest.mark.parametrize("model", HARD)
def test_a_turn_that_is_no_function_of_tensors_alone_is_unrolled_or_loud(model, monkeypatch):
    monkeypatch.setattr(crosscheck, "numbers_of_turns", lambda _merged: [])
    assert_right_or_loud(model(), *SCALED, paths=FEW)


def stale(loop):
    """The second thing that is carried stays as it is; the first one ends the loop."""
    first, second, *others = carried_by(loop)
    return [first, loops.Carried(second.before, second.before, second.at_last), *others]


carried_by = loops.carried_by


def test_other_numbers_of_turns_are_compared_with_the_model(monkeypatch):
    monkeypatch.setattr(loops, "carried_by", stale)
    assert_right_or_loud(WithTemporaries(), *SCALED, paths=FEW)
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    program = drafted(WithTemporaries(), SCALED[0], paths=FEW)
    assert any(outcome(WithTemporaries(), program, args) not in ("right", "loud") for args in SCALED)
