"""Sizes 0 and 1: asserted away where the model branches on them, and nowhere else."""

from __future__ import annotations

import pytest
import torch
from torch._higher_order_ops.scan import scan
from torch._higher_order_ops.while_loop import while_loop
from torch.export import Dim

import torchdraft


class Loop(torch.nn.Module):
    def forward(self, x):
        return while_loop(lambda i, v: i > 0, lambda i, v: (i - 1, v * 2), (torch.tensor(3), x))[1]


class Scan(torch.nn.Module):
    def forward(self, x):
        return scan(lambda carry, row: (carry + row, carry * row), torch.ones(4), x)[1]


class Map(torch.nn.Module):
    def forward(self, x):
        return torch._higher_order_ops.map(lambda row: row + 1, x)


class Branch(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 1:
            return x * 2
        return x


class BranchBesideLoop(torch.nn.Module):
    def forward(self, x):
        return Branch()(Loop()(x))


def draft(model, low, **options):
    return torchdraft.draft_export(model, (torch.rand(3, 4),), dynamic_shapes=({0: Dim("rows", min=low)},), **options)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("model", [Loop(), Scan(), Map()], ids=lambda model: type(model).__name__)
def test_operators_of_torch_have_no_condition_on_small_sizes(model, strict):
    program = draft(model, 1, strict=strict)
    assert program._report.successful()
    assert [bounds.lower for bounds in program.range_constraints.values()] == [1]
    for size in (1, 5):
        x = torch.rand(size, 4)
        assert torch.equal(program.module()(x), model(x))


@pytest.mark.parametrize("model", [Branch(), BranchBesideLoop()], ids=lambda model: type(model).__name__)
def test_ranges_say_what_the_assertions_say(model):
    program = draft(model, 0)
    assert [d.got for d in program._report.dimensions] == [">= 2"]
    assert [bounds.lower for bounds in program.range_constraints.values()] == [2]
    with pytest.raises(RuntimeError, match=">= 2"):
        program.module()(torch.rand(1, 4))
    again = draft(program.module(), 0)
    assert [bounds.lower for bounds in again.range_constraints.values()] == [2]


@pytest.mark.parametrize("model", [Loop(), Map(), torch.nn.Linear(4, 4)], ids=lambda model: type(model).__name__)
def test_a_draft_of_a_draft_takes_the_same_sizes(model):
    again = draft(draft(model, 1).module(), 1)
    x = torch.rand(1, 4)
    assert torch.equal(again.module()(x), model(x))
