"""Programs of ExecuTorch: right or loud."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import torchdraft
from tests.ship.models import BoolBranch, Counter

X = torch.arange(24.0).reshape(6, 4) / 24 + 0.5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("assertions", ["raise", "output"])
def test_a_branch_is_loud(tmp_path: Path, assertions: str) -> None:
    pytest.importorskip("executorch.runtime", reason="the extra executorch is not installed")
    program = torchdraft.draft_export(BoolBranch(), (X,))
    shipment = torchdraft.to_executorch(program, tmp_path / "m.pte", assertions=assertions, trials=2)
    assert shipment.ok
    found = torchdraft.verify(program, BoolBranch(), [(X + 1,), (-X,)], run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "rejected"]


@pytest.mark.filterwarnings("ignore")
def test_a_written_buffer_is_returned(tmp_path: Path) -> None:
    pytest.importorskip("executorch.runtime", reason="the extra executorch is not installed")
    program = torchdraft.draft_export(Counter(), (X,))
    shipment = torchdraft.to_executorch(program, tmp_path / "m.pte", model=Counter(), trials=3)
    assert shipment.ok
    assert list(shipment.state.values()) == ["inner.seen.after"]
