"""Inputs that look at one memory: taken as the model takes them on every rung, and on calls where they do not share it.

Not among the cases: those copy their inputs, and a copy of a view is no view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.engine.compare import difference
from torchdraft._draft.guards import unbacked_shape_env

Inputs = tuple[torch.Tensor, torch.Tensor]


def whole_and_part() -> Inputs:
    whole = torch.arange(1.0, 9.0)
    return whole, whole[2:6]


def part_and_whole() -> Inputs:
    whole = torch.arange(1.0, 9.0)
    return whole[2:6], whole


def the_same_twice() -> Inputs:
    whole = torch.arange(1.0, 5.0)
    return whole, whole.view_as(whole)


def overlapping() -> Inputs:
    whole = torch.arange(1.0, 9.0)
    return whole[1:5], whole[3:7]


def strangers() -> Inputs:
    return torch.arange(1.0, 9.0), torch.arange(1.0, 5.0)


class Writes(torch.nn.Module):
    def forward(self, one: torch.Tensor, two: torch.Tensor) -> Any:
        two[0].zero_()
        one = one * 2 if one.shape[0] > 3 else one
        two = two * 2 if two.shape[0] > 3 else two
        if one.sum() > 0:
            return one * 2, two + one.sum()
        return one, two


class ReadsAfterwards(torch.nn.Module):
    def forward(self, one: torch.Tensor, two: torch.Tensor) -> Any:
        two[0].zero_()
        return one + one.sum().item(), two * 2


@pytest.mark.parametrize("inputs", [whole_and_part, part_and_whole, the_same_twice, overlapping])
@pytest.mark.parametrize("rung", ["symbolic", "concrete"])
def test_a_write_to_one_is_seen_in_the_other(
    inputs: Callable[[], Inputs], rung: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rung == "concrete":
        monkeypatch.setattr(unbacked_shape_env, "MOST_SYMBOLS", 0)
    program = torchdraft.draft_export(ReadsAfterwards(), inputs())
    assert program._report.rung == rung
    given, expected = inputs(), inputs()
    assert difference(program.module()(*given), ReadsAfterwards()(*expected)) == ""
    assert difference(given, expected) == ""


@pytest.mark.parametrize("inputs", [whole_and_part, part_and_whole, the_same_twice, overlapping])
@pytest.mark.parametrize("dynamic", [0, 1])
def test_sizes_are_those_asked_for(inputs: Callable[[], Inputs], dynamic: int) -> None:
    """A view's base is no input: what is asked of one input must not become a matter of the other's base."""
    program = torchdraft.draft_export(
        Writes(), inputs(), dynamic_shapes=[{0: Dim.AUTO} if n == dynamic else None for n in (0, 1)]
    )
    sizes = [n.meta["val"].shape[0] for n in program.graph.nodes if n.op == "placeholder"]
    assert isinstance(sizes[dynamic], torch.SymInt)
    assert isinstance(sizes[1 - dynamic], int)
    assert not [guard for guard in program._guards_code if "_base" in guard]


@pytest.mark.parametrize("inputs", [whole_and_part, part_and_whole, the_same_twice, overlapping])
def test_another_call_need_not_share(inputs: Callable[[], Inputs]) -> None:
    program = torchdraft.draft_export(Writes(), inputs(), dynamic_shapes={"one": {0: Dim.AUTO}, "two": {0: Dim.AUTO}})
    assert difference(program.module()(*strangers()), Writes()(*strangers())) == ""
