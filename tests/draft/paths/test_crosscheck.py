"""A merged graph is compared with the model on combinations of sides that no path had."""

from __future__ import annotations

import itertools

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right_or_loud, drafted, outcome
from tests.draft.paths.left_behind import Argument, Number
from torchdraft._draft.paths import crosscheck, explore
from torchdraft._draft.paths.crosscheck import Chosen
from torchdraft._draft.paths.explore import Explorer
from torchdraft._draft.paths.traced import python_state
from torchdraft._draft.paths.traced.python_state import State
from torchdraft._stack.evaluation_stack import Pending

INPUTS = (UP,), (DOWN,), (MIXED,), (UP * 10,)


def test_it_finds_what_the_comparison_of_states_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "resembles", lambda _self, _other: True)
    assert_right_or_loud(Number(), *INPUTS)


def test_it_finds_what_a_frame_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_state, "held_by", lambda _frame: Pending([]))
    assert_right_or_loud(Argument(), *INPUTS)
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    program = drafted(Argument(), (UP,))
    assert outcome(Argument(), program, (DOWN,)) not in ("right", "loud")


def test_chosen_answers_are_those_of_the_first_sides_but_for_some() -> None:
    chosen = Chosen({("a",): True, ("b",): False}, {("b",)})
    assert dict(chosen) == {("a",): True, ("b",): True}
    assert len(chosen) == 2


class OneThatWasTraced(torch.nn.Module):
    def forward(self, x, n):
        for _ in range(int(n)):
            x = x.tanh() * 2
        return x


def test_numbers_of_turns_that_a_path_has_are_not_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    original, traced = Explorer._combination, []

    def noted(self, answers):
        traced.append(answers)
        return original(self, answers)

    monkeypatch.setattr(Explorer, "_combination", noted)
    drafted(OneThatWasTraced(), (UP, torch.tensor(2)))
    assert len(traced) == 3  # none, one and three: two are on the path of the example


class FourInARow(torch.nn.Module):
    def forward(self, x):
        for column in range(4):
            x = x + 1 if x[:, column].sum() > 0 else x * 2
        return x


def test_each_two_of_three_branches_are_on_other_sides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original, found = crosscheck.combinations, []

    def noted(*args):
        found[:] = original(*args)
        return found

    monkeypatch.setattr(crosscheck, "combinations", noted)
    drafted(FourInARow(), (torch.ones(2, 4),))
    changed = [chosen._changed for chosen in found]
    keys = set().union(*changed)
    assert len(keys) == 4
    for one, two, three in itertools.permutations(keys, 3):
        assert {three in each for each in changed if {one, two} <= each} == {True, False}


class AsksInTheFirstTurnAlone(torch.nn.Module):
    def forward(self, x, n):
        left = int(n)
        while left > 3:
            left = left - 2
        y = x * left
        return y + 1 if left + 2 > 3 else y


def test_a_question_that_no_other_path_asks_is_a_disagreement() -> None:
    """With a turn, the condition at the end is that of the loop; without one it is a question of its own."""
    inputs = [(UP, torch.tensor(number)) for number in (5, 0, 1, 2, 3, 4, 9)]
    assert_right_or_loud(AsksInTheFirstTurnAlone(), *inputs)


def test_signs_differ_between_draws() -> None:
    drawn = [sign(torch.arange(4), 4).sign().tolist() for sign in crosscheck.SIGNS]
    assert drawn == [[-1] * 4, [-1, -1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1]]
