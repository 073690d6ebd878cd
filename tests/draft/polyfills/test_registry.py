"""One declaration adds a polyfill; a second one for the same function is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.export import Dim

import torchdraft
from torchdraft._draft.polyfills.registry import POLYFILLS, polyfill, polyfilled


@pytest.fixture(autouse=True)
def declarations() -> Iterator[None]:
    with POLYFILLS.restored():
        yield


class Spectrum(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.threshold(x, 0.1, 20.0)


class RecordedSpectrum(Spectrum):
    """No symbolic trace follows a constructor of the old kind."""

    def forward(self, x):
        torch.LongTensor([x[0, 0].long()])
        return super().forward(x)


@pytest.mark.parametrize(("model", "rung"), [(Spectrum(), "symbolic"), (RecordedSpectrum(), "concrete")])
def test_one_declaration_adds_a_polyfill(model, rung):
    @polyfill(torch.threshold, torch.nn.functional.threshold, why="To show that nothing else is needed.")
    def threshold(func, args, kwargs):
        return (lambda x, at, value: torch.where(x > at, x, value)), args[:3], {}

    x = torch.rand(3, 2)
    program = torchdraft.draft_export(model, (x,), dynamic_shapes={"x": {0: Dim.AUTO}})
    assert program._report.rung == rung
    targets = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    assert "aten.where.ScalarOther" in targets
    assert not [target for target in targets if "threshold" in target]
    assert torch.equal(program.module()(x), Spectrum()(x))


def test_a_second_declaration_is_refused():
    with pytest.raises(ValueError, match=r"polyfill of linspace is declared twice: by torchdraft\..*linspace"):

        @polyfill(torch.linspace, why="")
        def linspace(func, args, kwargs):
            raise AssertionError


def test_a_call_without_polyfill_is_unchanged():
    assert polyfilled(torch.cat, ([],), {}) == (torch.cat, ([],), {})


def test_every_polyfill_says_why():
    assert [unit for unit in POLYFILLS.units.values() if not unit.why.endswith(".")] == []
