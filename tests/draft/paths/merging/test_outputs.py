"""What the sides of a branch return: tensors, other sizes, numbers, written memory, assertions."""

from __future__ import annotations

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, drafted, outcome
from tests.draft.paths.models import OUTPUTS, WritesInput
from torchdraft._draft.paths import explore
from torchdraft._draft.paths.merging.outputs import Assertions, WrittenMemory


@pytest.mark.parametrize("model", OUTPUTS, ids=lambda model: model.__name__)
def test_both_sides_are_right(model: type[torch.nn.Module]) -> None:
    assert_right(model(), *OUTPUTS[model])


class Checks(torch.nn.Module):
    """A side whose only effect is that it raises on some inputs."""

    def forward(self, x):
        if x.sum() > 0:
            torch._check(bool((x.max() < 5).item()))
        return x + 1


def test_a_side_that_checks_raises_and_the_other_one_does_not() -> None:
    program = drafted(Checks(), (UP,))
    assert [outcome(Checks(), program, (x,)) for x in (UP, MIXED, DOWN)] == ["right"] * 3
    assert outcome(Checks(), program, (UP * 10,)) == "loud"


class Refuses(torch.nn.Module):
    """A side with a branch of which one side is kept: the guard is all that the side does."""

    def forward(self, x):
        if x.sum() > 0 and x.max() > 5:
            raise NotImplementedError
        return x + 1


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch, about itself
def test_the_assertions_of_a_side_are_kept_by_an_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decomposition removes a `torch.cond` of which nothing is used, with what its sides assert."""
    program = drafted(Refuses(), (UP,)).run_decompositions()
    assert [outcome(Refuses(), program, (x,)) for x in (UP, DOWN, MIXED)] == ["right"] * 3
    with pytest.raises(RuntimeError):
        program.module()(UP * 10)
    monkeypatch.setattr(Assertions, "take", lambda _self, _body, tensors: next(tensors))
    drafted(Refuses(), (UP,)).run_decompositions().module()(UP * 10)


def test_memory_that_is_not_written_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_right(WritesInput(), (UP,), (DOWN,))
    monkeypatch.setattr(WrittenMemory, "take", lambda _self, _body, tensors: next(tensors))
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    program = drafted(WritesInput(), (UP,), check_on_example=False)
    assert outcome(WritesInput(), program, (UP,)) not in ("right", "loud")
