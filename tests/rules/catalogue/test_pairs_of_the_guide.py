"""The pairs of bad and good code in PyTorch's page on debugging export: the issues of each, and their lines."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch._higher_order_ops.cond import cond

import torchdraft

BATCH = {"x": {0: torch.export.Dim("batch")}}


class HardcodedShape(torch.nn.Module):
    def forward(self, x):
        return x.view(32, -1)  # TD204 specialized


class ShapeFromTheTensor(torch.nn.Module):
    def forward(self, x):
        return x.view(x.size(0), -1)


class ShapeDependentIndexing(torch.nn.Module):
    def forward(self, x):
        if x.size(0) > 10:  # TD201 specialized
            return x[:10]
        return None


class ClampedIndex(torch.nn.Module):
    def forward(self, x):
        n = torch.clamp(torch.tensor(x.size(0)), max=10)
        return x[:n]


class InPlaceOnInput(torch.nn.Module):
    def forward(self, x):
        x.add_(1)  # TD401 note
        return x


class NewTensor(torch.nn.Module):
    def forward(self, x):
        return x + 1


class DataDependentIf(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # TD101 guarded
            return x * 2
        return x


class Where(torch.nn.Module):
    def forward(self, x):
        return torch.where(x.sum() > 0, x * 2, x)


class Cond(torch.nn.Module):
    """In the page, a branch returns its operand unchanged, which `torch.cond` refuses, also eagerly (see below)."""

    def forward(self, x):
        return cond(x.sum() > 0, lambda x: x * 2, lambda x: x.clone(), (x,))


@dataclass(frozen=True)
class Pair:
    bad: type
    good: type
    x: torch.Tensor
    shapes: Any = None

    def __str__(self) -> str:
        return f"{self.bad.__name__}-{self.good.__name__}"


PAIRS = [
    Pair(HardcodedShape, ShapeFromTheTensor, torch.rand(32, 2, 3), BATCH),
    Pair(ShapeDependentIndexing, ClampedIndex, torch.rand(12, 3), BATCH),
    Pair(InPlaceOnInput, NewTensor, torch.rand(3)),
    Pair(DataDependentIf, Where, torch.rand(3)),
    Pair(DataDependentIf, Cond, torch.rand(3)),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_bad_one_is_one_issue_at_its_line(pair: Pair) -> None:
    report = torchdraft.draft_export(pair.bad(), (pair.x.clone(),), dynamic_shapes=pair.shapes)._report
    lines, first = inspect.getsourcelines(pair.bad)
    (marked,) = [(first + n, *line.split("# ")[1].split()) for n, line in enumerate(lines) if "# TD" in line]
    assert [(i.location.line, i.code, str(i.severity)) for i in report.issues] == [marked]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_good_one_is_none_and_exports(pair: Pair) -> None:
    model, shapes = pair.good(), pair.shapes
    assert torchdraft.draft_export(model, (pair.x.clone(),), dynamic_shapes=shapes)._report.issues == ()
    program = torch.export.export(model, (pair.x.clone(),), dynamic_shapes=shapes)
    torch.testing.assert_close(program.module()(pair.x.clone()), model(pair.x.clone()))


def test_what_torch_cond_refuses_eagerly_comes_out_unchanged() -> None:
    torch._dynamo.reset()  # past its limit of recompilations it would run the branches unchecked

    class Aliasing(torch.nn.Module):
        def forward(self, x):
            return cond(x.sum() > 0, lambda x: x * 2, lambda x: x, (x,))

    model, x = Aliasing(), torch.rand(3)
    with pytest.raises(Exception, match="aliasing") as eager:
        model(x)
    with pytest.raises(type(eager.value)):
        torchdraft.draft_export(model, (x,))
