"""Both sides of branches, nested and in a row, are right."""

from __future__ import annotations

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, drafted, kept, outcome
from tests.draft.paths.models import MODES, STRUCTURE, InRow, TwoSides


def conds(program: torch.export.ExportedProgram) -> int:
    """The number of branches in a program."""
    graphs = [each.graph for each in program.graph_module.modules() if isinstance(each, torch.fx.GraphModule)]
    return sum(node.target is torch.ops.higher_order.cond for graph in graphs for node in graph.nodes)


@pytest.mark.parametrize("model", [*STRUCTURE, *MODES], ids=lambda model: model.__name__)
def test_both_sides_are_right(model: type[torch.nn.Module]) -> None:
    torch.manual_seed(0)
    assert_right(model(), *(STRUCTURE | MODES)[model])


def test_what_follows_both_sides_is_in_the_program_once() -> None:
    program = assert_right(TwoSides(), (UP,), (DOWN,))
    assert conds(program) == 1
    assert [node.target for node in program.graph.nodes].count(torch.ops.aten.relu.default) == 1


def test_branches_in_a_row_do_not_multiply() -> None:
    """Three branches are three, and not seven: each rejoins before the next."""
    assert conds(assert_right(InRow(), (UP,), (DOWN,), (MIXED,))) == 3


def test_a_program_without_branches_is_the_ordinary_one() -> None:
    program = drafted(torch.nn.ReLU(), (UP,))
    assert kept(program) == []
    assert conds(program) == 0


class OtherStructure(torch.nn.Module):
    def forward(self, x):
        y = x * 2 if x.min() > 0 else x
        if x.sum() > 0:
            return y
        return y, x


class OtherDtype(torch.nn.Module):
    def forward(self, x):
        y = x * 2 if x.min() > 0 else x
        return y if x.sum() > 0 else y.double()


@pytest.mark.parametrize("model", [OtherStructure, OtherDtype])
def test_a_branch_that_cannot_be_merged_stays_guarded_and_others_are_kept(model: type[torch.nn.Module]) -> None:
    built = model()
    program = drafted(built, (UP,))
    assert [outcome(built, program, (x,)) for x in (UP, UP * 2, MIXED, DOWN)] == ["right", "right", "right", "loud"]
    assert kept(program) == [True, False]
    assert program._report.paths[1].reason.startswith("the model returns another structure")


class AutocastMix(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            y = self.linear(x) if x.sum() > 0 else self.linear(x * 2)
        return y.float() + x


def test_a_branch_in_an_autocast_block_is_right_or_loud() -> None:
    program = drafted(AutocastMix(), (UP,))
    assert outcome(AutocastMix(), program, (UP,)) == "right"
    assert outcome(AutocastMix(), program, (DOWN,)) in ("right", "loud")
