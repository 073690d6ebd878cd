"""Strides and offsets that a program asserts are asserted by what torch makes of it, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # run_decompositions of torch

X = torch.arange(16.0).reshape(4, 4)


class Contiguous(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.is_contiguous() else x * 3


class Stride(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * x.stride(0)


class OfView(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * x.t().stride(0)


class Offset(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (x.storage_offset() + 1)


class WritesToCopy(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.contiguous().add_(1)
        return x * 2


class Nested(torch.nn.Module):
    def forward(self, pair: dict[str, Any], *, last: torch.Tensor) -> torch.Tensor:
        return pair["a"][0] + last * last.stride(0)


OTHERS = [
    (Contiguous, X, X.t()),
    (Stride, X, X.t()),
    (OfView, X, X.t()),
    (Offset, X, torch.arange(20.0).reshape(5, 4)[1:]),
    (WritesToCopy, X.t(), X),
]


@pytest.mark.parametrize("table", [None, {}], ids=["core", "none"])
@pytest.mark.parametrize(("model", "example", "other"), OTHERS)
def test_a_decomposed_program_refuses_inputs_laid_out_otherwise(
    model: Any, example: torch.Tensor, other: torch.Tensor, table: Any, tmp_path: Path
) -> None:
    program = torchdraft.draft_export(model(), (example,)).run_decompositions(table)
    torch.export.save(program, tmp_path / "decomposed.pt2")
    loaded = torch.export.load(tmp_path / "decomposed.pt2")
    for made in (program, loaded, program.run_decompositions({})):
        assert torch.equal(made.module()(example.clone()), model()(example.clone()))
        with pytest.raises(AssertionError, match="Guard failed"):
            made.module()(other)


def test_sizes_in_strides_stay_dynamic() -> None:
    dims = {"x": {0: Dim("rows"), 1: Dim("columns")}}
    program = torchdraft.draft_export(Contiguous(), (X,), dynamic_shapes=dims).run_decompositions()
    wide = torch.rand(3, 7)
    assert torch.equal(program.module()(wide), wide * 2)
    with pytest.raises(AssertionError, match="Guard failed"):
        program.module()(wide.t())


def test_the_guard_is_about_the_right_input() -> None:
    args, last = ({"a": [X, 3], "b": X},), X.clone()
    program = torchdraft.draft_export(Nested(), args, {"last": last}).run_decompositions()
    assert torch.equal(program.module()({"a": [X.t(), 3], "b": X}, last=last), X.t() + last * 4)
    with pytest.raises(AssertionError, match="Guard failed"):
        program.module()(*args, last=last.t())
