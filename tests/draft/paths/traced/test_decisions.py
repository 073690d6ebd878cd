"""Numbers that select what runs, and conditions that come again."""

from __future__ import annotations

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, drafted, kept, outcome
from torchdraft._draft.paths.traced import decisions
from torchdraft._draft.paths.traced.decisions import NO_MORE, Decisions


class Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 2) for _ in range(10)])

    def forward(self, x, n):
        return self.layers[int(n)](x)


def test_a_number_of_an_unknown_range_is_loud_beyond_the_values_that_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MOST_VALUES", 3)
    model = Layers()
    program = drafted(model, (UP, torch.tensor(2)))
    right = [outcome(model, program, (UP, torch.tensor(n))) for n in range(3)]
    assert right == ["right"] * 3
    assert outcome(model, program, (UP, torch.tensor(9))) == "loud"
    assert kept(program)[-1] is False
    assert program._report.paths[-1].reason == NO_MORE


class Functions(torch.nn.Module):
    def forward(self, x, n):
        index = n.item()
        torch._check(index >= 0)
        torch._check(index < 3)
        return [torch.sin, torch.cos, torch.exp][index](x)


def test_a_number_of_a_stated_range() -> None:
    inputs = [(UP, torch.tensor(n)) for n in (1, 0, 2)]
    program = drafted(Functions(), inputs[0])
    assert [outcome(Functions(), program, args) for args in inputs] == ["right"] * 3
    assert outcome(Functions(), program, (UP, torch.tensor(5))) in ("right", "loud")


class Matched(torch.nn.Module):
    def forward(self, x, n):
        match int(n):
            case 0:
                return x
            case 1 | 2:
                return x * 2
            case _:
                return -x


def test_match() -> None:
    inputs = [(UP, torch.tensor(n)) for n in (1, 0, 2, 3, 99, -4)]
    assert_right(Matched(), *inputs)


class AskedTwice(torch.nn.Module):
    """One condition is one decision, however often it is asked."""

    def forward(self, x):
        loud = bool(x.sum() > 0)
        y = x * 2 if loud else x
        return y + 1 if loud else y - 1


def test_a_condition_that_comes_again_has_its_answer() -> None:
    program = assert_right(AskedTwice(), (UP,), (DOWN,), (MIXED,))
    assert len(kept(program)) == 1


def test_forced_answers_come_first_and_then_those_of_another_path() -> None:
    made = Decisions(None, forced=(True, False), preferred={"a": True})
    assert made._chosen("a") is True
    made.taken += ["one", "two"]  # type: ignore[list-item]
    assert made._chosen("a") is True
    assert made._chosen("b") is None
    made.taken.pop()
    assert made._chosen("a") is False
