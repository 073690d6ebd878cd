"""`torchdraft ship`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from torchdraft._cli.app import app

MODEL = """
import torch

class Branch(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.mean().item() > 0.5 else x - 1

def build():
    return Branch(), (torch.ones(3),)
"""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def target(tmp_path: Path) -> str:
    (tmp_path / "model.py").write_text(MODEL)
    return f"{tmp_path / 'model.py'}:build"


def test_a_target_is_drafted_and_shipped(tmp_path: Path, target: str) -> None:
    file = tmp_path / "m.onnx"
    done = CliRunner().invoke(app, ["ship", target, "--to", "onnx", "-o", str(file), "-n", "2"])
    assert done.exit_code == 0, done.output
    assert "an operator that fails" in done.output
    assert file.exists()


def test_a_lost_assumption_is_status_1(tmp_path: Path, target: str) -> None:
    call = ["ship", target, "--to", "onnx", "-o", str(tmp_path / "m.onnx"), "-n", "0", "--assertions", "off"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 1
    assert "lost: turned off" in done.output


@pytest.mark.parametrize("program", ["nothing.pt2", "{target}"])
def test_a_wrong_call_is_status_2(tmp_path: Path, target: str, program: str) -> None:
    file = tmp_path / ("m.onnx" if program.endswith(".pt2") else "m.txt")
    done = CliRunner().invoke(app, ["ship", program.format(target=target), "--to", "onnx", "-o", str(file)])
    assert done.exit_code == 2


def test_check_judges_the_program_as_it_is_in_a_runtime(target: str) -> None:
    done = CliRunner().invoke(app, ["check", target, "--runtime", "onnx", "--fail-on", "baked"])
    assert done.exit_code == 0, done.output
