"""A wrong input is shrunk and stays wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.verify.models import wrong
from torchdraft._verify.explain.shrink import MOST_RUNS


class Plain(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return x.sum(0) + y.sum() + ids.sum()


@pytest.fixture(scope="module")
def program() -> torch.export.ExportedProgram:
    torch.manual_seed(0)
    args = (torch.randn(6, 3), torch.randn(4), torch.tensor([5, 7, 9]))
    return torch.export.export(Plain(), args, dynamic_shapes={"x": {0: Dim.AUTO}, "y": {0: Dim.AUTO}, "ids": None})


def counterexample(
    program: torch.export.ExportedProgram, bad: Callable[..., Any], n: int = 24
) -> torchdraft.Counterexample:
    def call(module: Any, x: torch.Tensor, y: torch.Tensor, ids: torch.Tensor) -> Any:
        return module(x, y, ids) + bool(bad(x, y, ids))

    found = torchdraft.verify(wrong(program, call), Plain(), n=n)
    small = found.mismatches[0].counterexample
    assert small is not None
    assert bool(bad(*small.args))
    assert 0 < small.runs <= MOST_RUNS
    return small


def test_what_is_always_wrong_becomes_as_small_as_can_be(program: torch.export.ExportedProgram) -> None:
    x, y, ids = counterexample(program, lambda _x, _y, _ids: True).args
    assert (x.shape[0], y.shape[0]) == (2, 2) or (x.shape[0], y.shape[0]) == (1, 1)
    assert torch.equal(ids, torch.tensor([0, 0, 0])) or torch.equal(ids, torch.tensor([5, 7, 9]))


def test_the_size_that_matters_stays(program: torch.export.ExportedProgram) -> None:
    x, y, _ = counterexample(program, lambda x, _y, _ids: x.shape[0] > 6).args
    assert x.shape == (7, 3)
    assert y.shape[0] <= 2


def test_the_element_that_matters_stays(program: torch.export.ExportedProgram) -> None:
    x, y, _ids = counterexample(program, lambda x, _y, _ids: (x > 4).any()).args
    assert int((x != 0).sum()) == 1 or bool((x == x[0, 0]).all())
    assert float(x.max()) == round(float(x.max()))
    assert y.numel() <= 2


def test_one_input_is_enough(program: torch.export.ExportedProgram) -> None:
    example = program.example_inputs[0]
    _x, y, ids = counterexample(program, lambda _x, y, _ids: y[0] < 0 and y[-1] < 0).args
    assert torch.equal(ids, example[2])
    assert y.numel() <= 2


def test_what_needs_two_calls_stays_two_calls() -> None:
    class Remembers(torch.nn.Module):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return x * self.calls

    program = torch.export.export(Remembers(), (torch.randn(5),), dynamic_shapes=({0: Dim.AUTO},))
    found = torchdraft.verify(program, Remembers(), n=2)
    small = found.mismatches[0].counterexample
    assert small is not None
    assert small.detail.startswith("in call 2")
    assert small.args[0].numel() <= 2


def test_each_way_of_being_wrong_is_shrunk_once(program: torch.export.ExportedProgram) -> None:
    found = torchdraft.verify(wrong(program, lambda module, *args: module(*args) + 1), Plain(), n=5)
    assert [trial.counterexample is not None for trial in found.mismatches] == [True] + [False] * 4
    assert not any(
        trial.counterexample
        for trial in torchdraft.verify(
            wrong(program, lambda module, *args: module(*args) + 1), Plain(), n=3, shrink=False
        ).trials
    )


def test_the_same_input_is_found_again(program: torch.export.ExportedProgram) -> None:
    one, two = (counterexample(program, lambda x, _y, _ids: (x > 4).any()) for _ in range(2))
    assert one.code == two.code


def test_the_code_makes_the_input_again(program: torch.export.ExportedProgram) -> None:
    small = counterexample(program, lambda x, _y, _ids: (x > 4).any())
    names: dict[str, Any] = {}
    exec(small.code, {"torch": torch}, names)
    for name, value in zip(("x", "y", "ids"), small.args, strict=True):
        assert torch.equal(names[name], value)
        assert names[name].dtype is value.dtype


def test_given_inputs_are_shrunk_too(program: torch.export.ExportedProgram) -> None:
    given = (torch.randn(20, 3), torch.randn(10), torch.tensor([5, 7, 9]))
    bad = wrong(program, lambda module, *args: module(*args) + 1)
    small = torchdraft.verify(bad, Plain(), inputs=[given]).mismatches[0].counterexample
    assert small is not None
    assert small.args[0].shape[0] <= 2
