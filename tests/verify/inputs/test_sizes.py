"""Drawn sizes preserve relations between dimensions and are accepted by the program."""

from __future__ import annotations

import random

import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.export import Dim

from torchdraft._verify.inputs.interface import Interface, interface_of
from torchdraft._verify.inputs.sizes import Sizes, sizes_of

KINDS = ("sizes random", "one size random", "sizes smallest", "sizes largest", "a size of 1", "a size of 0")


class Related(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return x[0].sum() + y[0].sum() + (x.sum(0) + z.sum(0)).sum()


class Even(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if x.shape[0] % 2 == 0 and x.shape[0] > 2:
            return x.sum() + y.sum()
        return x.sum() - y.sum()


def read(program: torch.export.ExportedProgram) -> tuple[Interface, Sizes]:
    interface = interface_of(program, ["x", "y", "z"])
    return interface, sizes_of(program, interface)


@pytest.fixture(scope="module")
def related() -> tuple[Interface, Sizes]:
    n = Dim("n", min=3, max=50)
    args = (torch.ones(8, 2), torch.ones(4, 7), torch.ones(8, 2))
    shapes = {"x": {0: 2 * n}, "y": {0: n}, "z": {0: 2 * n}}
    return read(torch.export.export(Related(), args, dynamic_shapes=shapes))


def test_the_example_is_read(related: tuple[Interface, Sizes]) -> None:
    interface, sizes = related
    assert list(sizes.example.values()) == [4]
    assert list(sizes.bounds.values()) == [(3, 50)]
    assert [sizes.shape(leaf, sizes.example) for leaf in interface.leaves] == [(8, 2), (4, 7), (8, 2)]


@given(seed=st.integers(0, 200), kind=st.sampled_from(KINDS))
def test_relations_hold_in_every_draw(related: tuple[Interface, Sizes], seed: int, kind: str) -> None:
    interface, sizes = related
    drawn = sizes.draw(random.Random(seed), kind)
    x, y, z = (sizes.shape(leaf, drawn)[0] for leaf in interface.leaves)
    assert (x, x) == (2 * y, z)
    assert 3 <= y <= 50


def test_kinds_draw_what_they_say(related: tuple[Interface, Sizes]) -> None:
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.ones(4, 2),), dynamic_shapes=({0: Dim.AUTO},))

    def drawn(kind: str, sizes: Sizes) -> set[int]:
        (symbol,) = sizes.example
        return {sizes.draw(random.Random(seed), kind)[symbol] for seed in range(30)}

    free = read(program)[1]
    assert [drawn(kind, free) for kind in KINDS[2:]] == [{2}, {8}, {1}, {0}]
    assert len(drawn("sizes random", free)) > 3
    assert [drawn(kind, related[1]) for kind in KINDS[2:]] == [{3}, {8}, {4}, {4}]  # 2n from 6 on


def test_what_the_program_asserts_is_kept() -> None:
    import torchdraft

    program = torchdraft.draft_export(
        Even(), (torch.ones(4, 2), torch.ones(3)), dynamic_shapes={"x": {0: Dim.AUTO}, "y": {0: Dim.AUTO}}
    )
    _, sizes = read(program)
    assert sizes.conditions
    (even,) = (symbol for symbol, size in sizes.example.items() if size == 4)
    drawn = {sizes.draw(random.Random(seed), "sizes random")[even] for seed in range(40)}
    assert drawn == {4, 6} or drawn == {4, 6, 8}
    assert not sizes.fit({**sizes.example, even: 5})


def test_symbols_of_given_inputs_are_found(related: tuple[Interface, Sizes]) -> None:
    _, sizes = related
    assert sizes.of([torch.ones(12, 2), torch.ones(6, 7), torch.ones(12, 2)]) == dict.fromkeys(sizes.example, 6)
    assert sizes.of([torch.ones(12, 2), torch.ones(5, 7), torch.ones(12, 2)]) is None
    assert sizes.of([torch.ones(12, 3), torch.ones(6, 7), torch.ones(12, 2)]) is None


def test_smaller_sizes_end_at_the_minimum(related: tuple[Interface, Sizes]) -> None:
    _, sizes = related
    (symbol,) = sizes.example
    assert [next(iter(found.values())) for found in sizes.smaller({symbol: 9})][:1] == [3]
    assert {next(iter(found.values())) for found in sizes.smaller({symbol: 3})} == {1, 2}
    assert list(sizes.smaller({symbol: 0})) == []


def test_a_dynamic_number_is_a_size_too() -> None:
    class Takes(torch.nn.Module):
        def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
            return x * n

    program = torch.export.export(Takes(), (torch.ones(3), 5), dynamic_shapes={"x": None, "n": Dim.DYNAMIC})
    interface, sizes = read(program)
    assert [sizes.number(leaf, sizes.example) for leaf in interface.leaves if leaf.number is not None] == [5]


def test_a_division_by_zero_is_no_fit(related: tuple[Interface, Sizes]) -> None:
    interface, sizes = related
    (symbol,) = sizes.example
    from torch.utils._sympy.functions import Mod

    strange = Sizes(interface.leaves, sizes.example, sizes.bounds, (sympy.Eq(Mod(8, symbol), 0),))
    assert not strange.fit({symbol: 0})
    assert strange.fit({symbol: 4})


def test_large_tensors_are_not_drawn() -> None:
    program = torch.export.export(
        torch.nn.Linear(2, 2), (torch.ones(3, 600, 700, 2),), dynamic_shapes=({0: Dim.AUTO, 1: Dim.AUTO, 2: Dim.AUTO},)
    )
    interface, sizes = read(program)
    own = interface.leaves[0].example.numel()
    for seed in range(10):
        shape = sizes.shape(interface.leaves[0], sizes.draw(random.Random(seed), "sizes largest"))
        assert torch.Size(shape).numel() <= 2 * own
