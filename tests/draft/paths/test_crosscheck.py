"""A merged graph is compared with the model on combinations of sides that no path had."""

from __future__ import annotations

import pytest

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right_or_loud, drafted, outcome
from tests.draft.paths.left_behind import Argument, Number
from torchdraft._draft.paths import explore
from torchdraft._draft.paths.crosscheck import Chosen
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
