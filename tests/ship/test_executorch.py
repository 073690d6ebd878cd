"""Programs of ExecuTorch: right or loud."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import torchdraft
from benchmarks.shipping.modules import BoolBranch, LoopOnData, MapAsserts, ScanAsserts, Slice, WritesBuffer
from torchdraft._ship.runtimes.find import module_of
from torchdraft._torch import pytree

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
    program = torchdraft.draft_export(WritesBuffer(), (X,))
    shipment = torchdraft.to_executorch(program, tmp_path / "m.pte", model=WritesBuffer(), trials=3)
    assert shipment.ok
    assert list(shipment.state.values()) == ["inner.seen.after"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [MapAsserts, ScanAsserts])
def test_an_assertion_about_each_row_is_carried(tmp_path: Path, model: type[torch.nn.Module]) -> None:
    pytest.importorskip("executorch.runtime", reason="the extra executorch is not installed")
    program = torchdraft.draft_export(model(), (X,))
    shipment = torchdraft.to_executorch(program, tmp_path / "m.pte", trials=0)
    run = module_of(shipment, program)
    assert torch.equal(pytree.tree_leaves(run(-X))[-1], pytree.tree_leaves(model()(-X))[-1])
    with pytest.raises(RuntimeError, match=r"shipment\.explain\(N\)"):
        run(X * 50)
    assert "< 10" in shipment.explain("index[0] = 3 is out of range [0, 1)")


class Row(torch.nn.Module):
    """Reads one row."""

    def forward(self, x: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
        return x[int(n)] * 2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("model", "last"), [(Slice, 1), (Row, 9)])
def test_a_slice_and_a_row_may_be_chosen_by_data(tmp_path: Path, model: type[torch.nn.Module], last: int) -> None:
    pytest.importorskip("executorch.runtime", reason="the extra executorch is not installed")
    program = torchdraft.draft_export(model(), (X, torch.tensor(4)))
    shipment = torchdraft.to_executorch(program, tmp_path / "m.pte", trials=0)
    inputs = [(X, torch.tensor(4)), (X, torch.tensor(3)), (X, torch.tensor(last))]
    found = torchdraft.verify(program, model(), inputs, run=shipment)
    assert [trial.outcome for trial in found.trials][:2] == ["equal", "equal"]
    assert not shipment.silent
    assert found.trials[2].outcome != "mismatch"


@pytest.mark.filterwarnings("ignore")
def test_a_loop_that_data_decides_is_refused_with_its_line(tmp_path: Path) -> None:
    pytest.importorskip("executorch.runtime", reason="the extra executorch is not installed")
    program = torchdraft.draft_export(LoopOnData(), (X,), paths="all")
    with pytest.raises(NotImplementedError, match=r"a loop whose number of turns data decides at modules\.py:\d+"):
        torchdraft.to_executorch(program, tmp_path / "m.pte")
    assert not (tmp_path / "m.pte").exists()
