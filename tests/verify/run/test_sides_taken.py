"""Verify aims at the sides of branches that no input has taken yet, and says which it did not reach."""

from __future__ import annotations

import pytest
import torch

import torchdraft
from torchdraft._verify.run.sides_taken import SidesTaken

X = torch.tensor([1.0, 2.0, 3.0])


class Branches(torch.nn.Module):
    def forward(self, x):
        y = x * 2 if x.sum() > 0 else x * 3
        if x[0] > 1e30:
            y = y + 1
        return y


class Halves(torch.nn.Module):
    def forward(self, x):
        while x.norm() > 1:
            x = x / 2
        return x


@pytest.fixture(scope="module")
def program():
    return torchdraft.draft_export(Branches(), (X,), paths="all")


def test_the_sides_of_a_run(program):
    module = program.module()
    sides = SidesTaken(module)
    assert len(sides.all) == 4
    result, taken = sides.taken(lambda: module(-X))
    assert torch.equal(result, -X * 3)
    first, second = sorted({side.line for side in sides.all})
    assert {(side.line, side.answer) for side in taken} == {(first, False), (second, False)}


class Nested(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2 if x.max() > 10 else x * 3
        return x - 1


def test_the_program_stays_as_it_was():
    program = torchdraft.draft_export(Nested(), (X,), paths="all")
    graphs = [m for m in program.graph_module.modules() if isinstance(m, torch.fx.GraphModule)]
    before = [[node.name for node in m.graph.nodes] for m in graphs]
    module = program.module()
    sides = SidesTaken(module)
    assert len(sides.all) == 4
    _, taken = sides.taken(lambda: module(X * 9))
    assert {side.answer for side in taken} == {True}
    assert len(taken) == 2
    assert [[node.name for node in m.graph.nodes] for m in graphs] == before
    assert torchdraft.verify(program, Nested(), n=4).ok
    torch.export.export(program.module(), (X,))


def test_it_aims_at_sides_and_says_what_it_did_not_reach(program):
    found = torchdraft.verify(program, Branches(), n=6)
    assert found.ok
    (note,) = found.notes
    assert "where its condition is True" in note
    assert "if x[0] > 1e30:" in note
    seen = {branch.condition: branch.seen_equal for branch in program._report.paths}
    assert all(count > 0 for count in seen["x.sum() > 0"])
    assert "seen equal on" in str(program._report)


def test_a_given_input_takes_the_side():
    made = torchdraft.draft_export(Branches(), (X,), paths="all")
    assert all(branch.seen_equal is None for branch in made._report.paths)
    assert torchdraft.verify(made, Branches(), [(X,), (-X,), (X * 1e31,)]).notes == ()


def test_a_loop_has_turns_or_none():
    made = torchdraft.draft_export(Halves(), (X,), paths="all")
    assert torchdraft.verify(made, Halves(), [(X,), (X / 100,)]).notes == ()
    assert "False" in " ".join(torchdraft.verify(made, Halves(), [(X,)]).notes)


def test_a_program_without_branches_is_left_as_it_is():
    module = torch.export.export(torch.nn.Linear(3, 3), (X,)).module()
    nodes = list(module.graph.nodes)
    assert SidesTaken(module).all == ()
    assert list(module.graph.nodes) == nodes
