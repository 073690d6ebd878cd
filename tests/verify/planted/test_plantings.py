"""Programs made wrong on purpose, each kind: `verify` sees it, and the count of it is honest."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import torchdraft
from tests.fuzz.program import PRELUDE, Loaded, Program
from tests.verify.planted import measure as measuring
from tests.verify.planted.graph import values_on_example
from tests.verify.planted.measure import EXPORTERS, Measured, caught, made_wrong, measure, measure_one
from tests.verify.planted.plantings import PLANTINGS
from tests.verify.planted.witness import witness

SOURCE = (
    PRELUDE
    + """

class Fuzz(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(3))

    def forward(self, a, b, c):
        self.seen.add_(a.sum(0))
        c.mul_(2)
        n = len(range(int(b.max())))
        x = a * 2 if a.sum() > 0 else a * 3
        y = x[:n].sum() + x.flatten().cumsum(0)[-1]
        y = y + torch.ones(a.shape[0] + 1).sum()
        z = torch.cond(c.sum() > 0, lambda c: c + 1, lambda c: c - 1, (c,))
        w = torch.where(a > 0, a, a * 5)
        return y, z, w.to(torch.float64), F.dropout(z, 0.5, True), z + 1, z * b.sum().item()

def inputs(seed=0, vary=False, s0=4):
    g = torch.Generator().manual_seed(seed)
    a = torch.randn(s0, 3, generator=g)
    if seed in (0, 2, 4, 6, 8):
        a = a.abs()
    return (a, torch.randint(1, 4, (2,), generator=g), torch.randn(5, generator=g)), {}

DIMS = {"s0": (2, 7)}
DYNAMIC_SHAPES = {"a": {0: Dim.AUTO}, "b": None, "c": None}
"""
)


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    with Program("fuzz_planted", SOURCE).loaded() as program:
        yield program


@pytest.fixture(scope="module")
def wrong(loaded: Loaded) -> dict[str, torch.export.ExportedProgram]:
    args, kwargs = loaded.inputs()
    program = torchdraft.draft_export(loaded.build(), args, kwargs, dynamic_shapes=loaded.dynamic_shapes)
    assert torchdraft.verify(program, loaded.build(), n=40).ok
    assert witness(loaded, program) is None
    return {kind: bad for kind, _change, bad in made_wrong(loaded, program, values_on_example(program), 0)}


def test_every_kind_finds_something_to_change(wrong: dict[str, Any]) -> None:
    assert set(wrong) == {*PLANTINGS, *EXPORTERS}


@pytest.mark.parametrize("kind", [*PLANTINGS, *EXPORTERS])
def test_each_is_wrong_and_caught(kind: str, wrong: dict[str, Any], loaded: Loaded) -> None:
    assert witness(loaded, wrong[kind]) is not None
    assert caught(loaded, wrong[kind], 24, Measured())


def test_the_search_for_a_witness_leaves_the_program_as_it_was(wrong: dict[str, Any], loaded: Loaded) -> None:
    program = wrong["operator swapped"]
    before = {name: value.clone() for name, value in program.module().named_buffers()}
    assert witness(loaded, program) is not None
    assert all(torch.equal(value, before[name]) for name, value in program.module().named_buffers())


def test_what_is_missed_is_counted(monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> None:
    found = Measured()
    monkeypatch.setattr(torchdraft, "verify", lambda *_args, **_options: SimpleNamespace(ok=True, trials=()))
    monkeypatch.setattr(measuring, "PLANTINGS", {"dtype dropped": PLANTINGS["dtype dropped"]})
    measure_one(loaded, 0, 5, found)
    assert {each.kind for each in found.missed} == {"dtype dropped", *EXPORTERS}
    assert "all                               0 / 4" in "\n".join(found.table())


def test_a_program_found_wrong_as_drafted_is_an_alarm(monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> None:
    found = Measured()
    monkeypatch.setattr(torchdraft, "verify", lambda *_args, **_options: SimpleNamespace(ok=False, trials=()))
    measure_one(loaded, 0, 5, found)
    assert (found.alarms, found.confirmed[False]) == (["fuzz_planted"], 1)
    assert not found.planted


@pytest.mark.parametrize("seed", [7, 8])
def test_generated_programs_are_measured(seed: int) -> None:
    found = measure(2, seed=seed, count=12)
    assert found.drafted
    assert found.inputs
    assert not found.missed
