"""A failing assertion names its issue."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft


class Model(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.std().item() > 0.5 else x - 1


class OnBool(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.sum() > 0 else x - 1


X = torch.arange(6.0)


@pytest.mark.parametrize(
    ("model", "broken", "condition"), [(Model(), X * 0, r"x.std\(\).item\(\) > 0.5"), (OnBool(), -X, r"x.sum\(\) > 0")]
)
@pytest.mark.filterwarnings("ignore")
def test_also_after_save_and_load(model: torch.nn.Module, broken: torch.Tensor, condition: str) -> None:
    program = torchdraft.draft_export(model, (X,))
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    for each in (program, torchdraft.load(file)):
        with pytest.raises(RuntimeError, match=rf"^TD101 test_assertion_messages.py:\d+: {condition} was True in the"):
            each.module()(broken)
