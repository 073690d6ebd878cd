"""Integers that are used as indices stay inside the table."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.verify.models import Embeds
from torchdraft._verify.inputs.draw import Drawer, Variant
from torchdraft._verify.inputs.indices import Tables
from torchdraft._verify.inputs.interface import Interface, interface_of
from torchdraft._verify.inputs.sizes import Sizes, sizes_of
from torchdraft._verify.inputs.values import KINDS

NAMES = ["ids", "shifted", "x", "rows"]


@pytest.fixture(scope="module")
def embeds() -> tuple[torch.nn.Module, Interface, Sizes, Tables]:
    args = (torch.tensor([1, 2, 3]), torch.tensor([0, 4]), torch.randn(5, 2), torch.tensor([0, 4]))
    shapes = {"ids": {0: Dim.AUTO}, "shifted": None, "x": {0: Dim.AUTO}, "rows": None}
    model = Embeds()
    program = torchdraft.draft_export(model, args, dynamic_shapes=shapes)
    interface = interface_of(program, NAMES)
    return model, interface, sizes_of(program, interface), Tables(interface.leaves)


def test_tables_are_found(embeds: tuple[torch.nn.Module, Interface, Sizes, Tables]) -> None:
    _, interface, sizes, tables = embeds
    leaves = {leaf.name: leaf for leaf in interface.leaves}
    assert tables.limit(leaves["ids"], sizes.example) == 10
    assert tables.limit(leaves["rows"], sizes.example) == 5
    assert not tables.unknown(leaves["ids"], sizes.example)
    assert tables.unknown(leaves["shifted"], sizes.example)
    assert "x" not in tables.uses


def test_a_table_that_shrinks_takes_its_indices_along(
    embeds: tuple[torch.nn.Module, Interface, Sizes, Tables],
) -> None:
    _, interface, sizes, tables = embeds
    (rows,) = (leaf for leaf in interface.leaves if leaf.name == "rows")
    smaller = {symbol: 2 if size == 5 else size for symbol, size in sizes.example.items()}
    assert tables.limit(rows, smaller) == 2


def test_no_draw_is_outside_of_its_table(embeds: tuple[torch.nn.Module, Interface, Sizes, Tables]) -> None:
    model, interface, sizes, tables = embeds
    drawer = Drawer(interface, sizes, tables, seed=0)
    widest = 0
    for number in range(200):
        kind = list(KINDS)[number % len(KINDS)]
        ids, shifted, x, rows = drawer.call(Variant(kind, "sizes random" if number % 3 else ""), number).args
        model(ids, shifted, x, rows)  # raises where an index is outside
        assert int(shifted.max()) <= 4
        assert int(rows.max()) < x.shape[0]
        widest = max(widest, int(ids.max()))
    assert widest > 3  # beyond the range of the example, if that is valid


class Branching(torch.nn.Module):
    def forward(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda x, ids: x[ids], lambda x, ids: x[ids] * 2, (x, ids))


def test_what_goes_into_a_branch_is_not_widened() -> None:
    program = torch.export.export(Branching(), (torch.ones(3), torch.tensor([0, 2])))
    interface = interface_of(program, ["x", "ids"])
    assert Tables(interface.leaves).unknown(interface.leaves[1], {})


class Lookups(torch.nn.Module):
    def forward(self, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        y = x.gather(1, a.view(4, 1)) + x[:, b.flatten()]
        return y.sum() + torch.nn.functional.cross_entropy(x, torch.cat([c, c]))


def test_kinds_of_lookups() -> None:
    ints = torch.zeros(4, dtype=torch.int64)
    args = (torch.ones(4, 7), ints, ints.clone().view(2, 2)[:1, :1], ints.clone()[:2])
    program = torch.export.export(Lookups(), args)
    interface = interface_of(program, ["x", "a", "b", "c"])
    tables = Tables(interface.leaves)
    assert [tables.limit(leaf, {}) for leaf in interface.leaves[1:]] == [7, 7, 7]
    assert not any(tables.unknown(leaf, {}) for leaf in interface.leaves[1:])
