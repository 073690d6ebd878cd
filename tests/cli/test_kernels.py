"""`torchdraft kernels`: exit statuses, files, usage errors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

import torchdraft
from torchdraft._cli.app import app

MODEL = """
import torch


@torch.library.custom_op("torchdraft_cli::tripled", mutates_args=())
def tripled(x: torch.Tensor) -> torch.Tensor:
    return torch.cat([x, x, x])


@torch.library.custom_op("torchdraft_cli::halved", mutates_args=())
def halved(x: torch.Tensor) -> torch.Tensor:
    return x[::2].clone()


@halved.register_fake
def _(x):
    return x.new_empty((x.shape[0] // 2, *x.shape[1:]))


class Model(torch.nn.Module):
    def forward(self, x):
        return tripled(x)


class Wrong(torch.nn.Module):
    def forward(self, x):
        return halved(x)


def build():
    return Model(), (torch.ones(2, 3),)


def wrong():
    return Wrong(), (torch.ones(4, 3),)


def plain():
    return torch.nn.ReLU(), (torch.ones(4, 3),)


def broken():
    return Model(), (3,)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("targets") / "torchdraft_cli_model.py"
    path.write_text(MODEL)
    return path


def run(*arguments: object) -> Any:
    before = list(sys.path)
    try:
        return CliRunner().invoke(app, ["kernels", *map(str, arguments)], env={"COLUMNS": "100"})
    finally:
        sys.path[:] = before


def test_kernels_of_a_model_are_written(file: Path, tmp_path: Path) -> None:
    done = run(f"{file}:build", "--emit", tmp_path / "kernels.py", "--seconds", 6)
    assert done.exit_code == 0, done.output
    assert "torchdraft_cli::tripled: it has no fake kernel; a kernel was written: exact" in done.stdout
    text = (tmp_path / "kernels.py").read_text()
    assert "import torch\n" in text
    assert "3*x.shape[0]" in text
    compile(text, "kernels.py", "exec")


def test_a_wrong_kernel_is_shown_and_corrected_when_asked(file: Path) -> None:
    done = run(f"{file}:wrong", "--seconds", 6)
    assert done.exit_code == 1
    assert "its fake kernel is wrong: halved(x=f32[1" in done.stdout
    assert "--fix writes a kernel" in done.stdout
    done = run(f"{file}:wrong", "--fix", "--seconds", 6)
    assert done.exit_code == 0, done.output
    assert "allow_override=True" in done.stdout


def test_an_operator_with_profiles(file: Path, tmp_path: Path) -> None:
    run(f"{file}:plain")  # defines the operators
    metadata = torchdraft.TensorMetadata(1, torch.float64, torch.device("cpu"), torch.strided)
    profiles = {"torchdraft_cli.tripled.default": {torchdraft.OpProfile((metadata,), metadata)}}
    torchdraft.save_op_profiles(profiles, tmp_path / "profiles.yaml")
    done = run("torchdraft_cli::tripled", "--profiles", tmp_path / "profiles.yaml", "--seconds", 6)
    assert done.exit_code == 0, done.output
    assert "tripled(x=f64[4])" in done.stdout


def test_a_model_without_custom_operators(file: Path) -> None:
    done = run(f"{file}:plain")
    assert done.exit_code == 0
    assert done.stdout == "The model calls no custom operators.\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("torchdraft_cli::nothing",), "there is no operator"),
        (("torchdraft_cli::tripled", "--import", "no_such_module"), "no_such_module"),
        (("torchdraft_cli::tripled", "--profiles", "missing.yaml"), "missing.yaml"),
        (("torchdraft_cli::tripled", "--emit", "kernels.txt"), "ending in .py"),
        (("{file}:broken",), "Model raised"),
    ],
)
def test_wrong_calls_are_status_2(file: Path, arguments: tuple[str, ...], text: str) -> None:
    run(f"{file}:plain")
    done = run(*(argument.format(file=file) for argument in arguments))
    assert done.exit_code == 2, done.output
    assert text in done.stderr
