"""Integers that are made dynamic through a `ShapesCollection`."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.export.dynamic_shapes import _IntWrapper

import torchdraft


class Scaled(torch.nn.Module):
    def forward(self, x: torch.Tensor, others: Any) -> torch.Tensor:
        return x * others[0] + others[1]


@pytest.mark.parametrize("name", ["", "by keyword"])
def test_a_wrapped_integer_is_dynamic(name: str) -> None:
    x, others = torch.ones(3), [_IntWrapper(5), _IntWrapper(7)]
    shapes = torch.export.ShapesCollection()
    shapes[x] = (torch.export.Dim.DYNAMIC,)
    shapes[others[0]] = torch.export.Dim.DYNAMIC
    args, kwargs = ((x,), {"others": others}) if name else ((x, others), {})
    program = torchdraft.draft_export(Scaled(), args, kwargs, dynamic_shapes=shapes)
    assert program._report.rung == "symbolic"
    call = ((torch.ones(4),), {"others": [9, 7]}) if name else ((torch.ones(4), [9, 7]), {})
    assert torch.equal(program.module()(*call[0], **call[1]), torch.full((4,), 16.0))
    assert isinstance(others[0], _IntWrapper)
