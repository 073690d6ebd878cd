"""Packages of AOTInductor: right or loud."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch.export import Dim

import torchdraft
from benchmarks.shipping.modules import BranchInSide, EqualSizes
from tests.ship.operators import Lying

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="AOTInductor needs a C++ compiler"),
]

X = torch.arange(24.0).reshape(6, 4) / 24 + 0.5


def test_a_package_compares_the_sizes_of_its_inputs_in_every_run(tmp_path: Path) -> None:
    shapes = ({0: Dim.AUTO}, {0: Dim.AUTO})
    program = torchdraft.draft_export(EqualSizes(), (X, X + 1), dynamic_shapes=shapes)
    shipment = torchdraft.to_aoti(program, tmp_path / "m.pt2", trials=2)
    assert shipment.ok
    inputs = [((X, X), {}), ((X[:5], X[:5]), {}), ((X, X[:5]), {}), ((X[:, :3].clone(), X), {})]
    found = torchdraft.verify(program, EqualSizes(), inputs, run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "equal", "rejected", "rejected"]


def test_an_operator_whose_kernel_is_wrong_runs_in_a_package(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Lying(), (X[:5],), dynamic_shapes=({0: Dim.AUTO},))
    assert torch.ops.torchdraft.call.default in [node.target for node in program.graph.nodes]
    shipment = torchdraft.to_aoti(program, tmp_path / "m.pt2", trials=0)
    inputs = [((X[:rows],), {}) for rows in (5, 6, 3)]
    found = torchdraft.verify(program, Lying(), inputs, run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "equal", "equal"]


def test_a_branch_in_a_side_is_compiled(tmp_path: Path) -> None:
    program = torchdraft.draft_export(BranchInSide(), (X,), paths="all")
    shipment = torchdraft.to_aoti(program, tmp_path / "m.pt2", trials=0)
    found = torchdraft.verify(program, BranchInSide(), [(X,), (X / 4,), (-X,)], run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "equal", "equal"]
