"""Paths are merged only where Python holds the same on them."""

from __future__ import annotations

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, assert_right_or_loud, drafted, outcome
from tests.draft.paths.left_behind import MODELS, Number
from torchdraft._draft.paths import explore
from torchdraft._draft.paths.traced.python_state import State

NARROW = torch.tensor([1.0, -2.0, 3.0]), torch.tensor([-1.0, 2.0, 3.0]), torch.tensor([-1.0, -2.0, 3.0])
INPUTS = tuple((x,) for x in (UP, DOWN, MIXED, UP * 10, *NARROW, torch.tensor([0.1, -1.0, -0.5])))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_a_branch_leaves_behind_is_seen_by_later_ones(model: type[torch.nn.Module]) -> None:
    torch.manual_seed(0)
    built = model()
    assert_right_or_loud(built, *INPUTS)


def test_without_the_comparison_of_states_paths_are_merged_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Number()
    assert_right(model, *INPUTS)
    monkeypatch.setattr(State, "resembles", lambda _self, _other: True)
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    program = drafted(model, INPUTS[0])
    assert any(outcome(model, program, args) not in ("right", "loud") for args in INPUTS)


def test_a_state_that_is_too_large_to_compare_resembles_none() -> None:
    assert State().resembles(State())
    assert not State(complete=False).resembles(State())
    assert not State().resembles(State(complete=False))
    assert not State(description=[1]).resembles(State(description=[True, 1]))
