"""Functions under `lru_cache`: calls with symbolic sizes, and the content of their caches after a trace."""

from __future__ import annotations

import pytest
import torch

import torchdraft
from tests.draft.effects.calls import cached_sizes
from tests.draft.effects.calls.cached_sizes import doubled

DYNAMIC = {"x": {0: torch.export.Dim.DYNAMIC}}


class ByName(torch.nn.Module):
    """Calls a function of its module's globals."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(doubled(x.shape[0], x.shape[1])) + 1


class ImportsInside(torch.nn.Module):
    """Calls a function that only an import inside of forward names."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        from tests.draft.effects.calls.cached_sizes import doubled as inside

        return x.reshape(inside(x.shape[0], x.shape[1])) + 1


class FromList(torch.nn.Module):
    """Calls a function out of a list."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(cached_sizes.UNNAMED[0](x.shape[0]), -1) + 1


@pytest.mark.parametrize("model", [ByName, ImportsInside])
def test_sizes_passed_to_a_cached_function_stay_dynamic(model: type[torch.nn.Module]) -> None:
    program = torchdraft.draft_export(model(), (torch.randn(3, 4),), dynamic_shapes=DYNAMIC)
    other = torch.randn(5, 4)
    assert torch.equal(program.module()(other), model()(other))


@pytest.mark.parametrize("model", [ByName, ImportsInside, FromList])
@pytest.mark.parametrize("shapes", [None, DYNAMIC])
def test_no_symbolic_number_stays_in_a_cache(model: type[torch.nn.Module], shapes: object) -> None:
    """Found there by the next call, it ends it: "expected to contain only concrete integers"."""
    x = torch.randn(3, 4)
    program = torchdraft.draft_export(model(), (x,), dynamic_shapes=shapes, check_on_example=True)
    assert program._report.rung == "symbolic"
    assert [type(size) for size in doubled(3, 4)] == [int, int]
    assert type(cached_sizes.UNNAMED[0](3)) is int
    assert torch.equal(program.module()(x), model()(x))
