"""Draws are deterministic and have the layout and the aliasing of the example."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from torch.export import Dim

from tests.verify.models import clean
from torchdraft._verify.inputs.draw import EXAMPLE, FIXED, PLAN, Drawer, Variant, laid_out_like
from torchdraft._verify.inputs.indices import Tables
from torchdraft._verify.inputs.interface import interface_of
from torchdraft._verify.inputs.sizes import sizes_of


def drawer(program: torch.export.ExportedProgram, seed: int = 0) -> Drawer:
    interface = interface_of(program)
    return Drawer(interface, sizes_of(program, interface), Tables(interface.leaves), seed)


def calls(drawing: Drawer, count: int) -> list[Any]:
    return [drawing.call(variant, number) for number, variant in enumerate(islice(drawing.variants(), count))]


def same(one: Any, two: Any) -> bool:
    return all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(one.args, two.args, strict=True))


def test_the_example_comes_first_and_the_plan_next() -> None:
    _, program = clean()
    variants = list(islice(drawer(program).variants(), 10))
    assert variants[0] is EXAMPLE
    assert variants[1:4] == list(PLAN[:3])


def test_the_same_seed_draws_the_same() -> None:
    _, program = clean()
    one, two, other = (calls(drawer(program, seed), 40) for seed in (1, 1, 2))
    assert all(same(a, b) and a.seed == b.seed and a.origin == b.origin for a, b in zip(one, two, strict=True))
    assert not all(a.args[0].shape == b.args[0].shape and same(a, b) for a, b in zip(one, other, strict=True))


def test_draws_differ_and_the_example_stays() -> None:
    _, program = clean()
    example = program.example_inputs[0][0].clone()
    made = calls(drawer(program), 30)
    assert len({tuple(call.args[0].flatten().tolist()) for call in made}) > 20
    assert len({call.args[0].shape for call in made}) > 3
    assert torch.equal(program.example_inputs[0][0], example)
    assert torch.equal(made[0].args[0], example)


class Two(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x.sum() + y.sum()


def test_inputs_that_share_memory_still_do() -> None:
    x = torch.randn(4, 3)
    program = torch.export.export(Two(), (x, x.t()))
    call = drawer(program).call(Variant("values alike"), 1)
    assert not torch.equal(call.args[0], x)
    assert torch.equal(call.args[0].t(), call.args[1])
    assert call.args[0].data_ptr() == call.args[1].data_ptr()


def test_an_input_that_is_given_twice_is_given_twice_again() -> None:
    x = torch.randn(4, 3)
    same_twice = torch.export.export(Two(), (x, x.view_as(x)), dynamic_shapes=({0: Dim.AUTO}, {0: Dim.AUTO}))
    drawing = drawer(same_twice)
    assert any(
        call.args[0] is call.args[1]
        for call in (drawing.call(Variant("values alike", "sizes random"), n) for n in range(60))
        if call.args[0].shape == call.args[1].shape
    )


def test_dimensions_keep_their_order_in_memory() -> None:
    example = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    made = laid_out_like(example, torch.randn(6, 3, 2, 2))
    assert made.shape == (6, 3, 2, 2)
    assert made.is_contiguous(memory_format=torch.channels_last)


def test_expanded_inputs_are_drawn() -> None:
    program = torch.export.export(Two(), (torch.randn(1, 3).expand(4, 3), torch.randn(2)))
    call = drawer(program).call(Variant("values alike"), 1)
    assert call.args[0].shape == (4, 3)


def test_gradients_are_asked_for_as_in_the_example() -> None:
    program = torch.export.export(Two(), (torch.randn(3, requires_grad=True), torch.randn(2)))
    drawing = drawer(program)
    for variant in (EXAMPLE, Variant("values alike"), Variant("values alike", FIXED)):
        assert [value.requires_grad for value in drawing.call(variant, 1).args] == [True, False]


def test_less_is_changed_where_changes_are_rejected() -> None:
    _, program = clean()
    drawing = drawer(program)
    for _ in range(50):
        drawing.call(Variant("values alike", leaves="one"), 1)
        drawing.note_outcome(drawing.changed == {"x"})
    chosen = [drawing.call(Variant("values alike", leaves="one"), 1) and drawing.changed for _ in range(40)]
    assert chosen.count(frozenset({"scale"})) > 30


def test_python_arguments_change_where_it_says_so() -> None:
    class Takes(torch.nn.Module):
        def forward(self, x: torch.Tensor, k: float, n: int, flag: bool, mode: str) -> torch.Tensor:
            return x * k

    program = torch.export.export(Takes(), (torch.ones(2), 0.5, 3, True, "sum"))
    drawing = drawer(program)
    assert drawing.call(Variant("values kept", python=True), 1).args[1:] == (1.0, 4, False, "sum")
    assert drawing.call(Variant("values kept"), 1).args[1:] == (0.5, 3, True, "sum")
    assert "another Python argument" in drawing.call(Variant("values kept", python=True), 1).origin
