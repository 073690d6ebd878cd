"""`torchdraft verify`: exit statuses, files, usage errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

import torchdraft
from tests.targets import targets
from torchdraft._cli.app import app

TARGETS = Path(__file__).parents[1] / "targets/targets.py"


@pytest.fixture(autouse=True)
def own_imports(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("targets", None)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)], env={"COLUMNS": "100"})


def saved(path: Path, model: torch.nn.Module, *args: Any) -> Path:
    torch.export.save(torch.export.export(model, args), path)
    return path


def test_a_right_program(tmp_path: Path) -> None:
    done = run(f"{TARGETS}:everything", "-n", 6, "--json", tmp_path / "v.json")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Doubler: 6 inputs: ")
    assert "v.json" in done.stderr
    body = json.loads((tmp_path / "v.json").read_text())
    assert (body["ok"], len(body["trials"]), body["seed"]) == (True, 6, 0)


def test_a_saved_program(tmp_path: Path) -> None:
    program = saved(tmp_path / "m.pt2", targets.Doubler(), targets.X)
    done = run(f"{TARGETS}:build", "--program", program, "-n", 3, "--seed", 7)
    assert done.exit_code == 0, done.stderr
    assert "3 inputs" in done.stdout


def test_a_wrong_program(tmp_path: Path) -> None:
    program = saved(tmp_path / "m.pt2", torch.nn.ReLU(), targets.X)
    done = run(f"{TARGETS}:build", "--program", program, "-n", 3)
    assert done.exit_code == 1
    assert "MISMATCH  input 0 (example)" in done.stdout


def test_a_program_that_says_that_it_may_be_wrong() -> None:
    done = run(f"{TARGETS}:remembering", "-n", 3)
    assert done.exit_code == 0, done.stderr
    assert "may be explained by TD402" in done.stdout


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "m.pt2").write_text("nothing")
    for name, said in (("m.pt2", "can't be read"), ("n.pt2", "there is no file")):
        done = run(f"{TARGETS}:build", "--program", tmp_path / name)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: ")
        assert said in done.stderr
        assert "\nexpected: " in done.stderr


def test_a_program_without_an_example(tmp_path: Path) -> None:
    program = torchdraft.draft_export(targets.Doubler(), (targets.X,))
    program.example_inputs = None
    torch.export.save(program, tmp_path / "m.pt2")
    done = run(f"{TARGETS}:build", "--program", tmp_path / "m.pt2")
    assert done.exit_code == 2
    assert "no example inputs" in done.stderr


def test_a_model_that_fails_eagerly() -> None:
    assert run(f"{TARGETS}:failing").exit_code == 2


@pytest.mark.parametrize("arguments", [(), ("a:b", "-n", "0"), ("a:b", "--seed", "-1"), ("nowhere.py:build",)])
def test_a_wrong_call_is_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_result_that_can_not_be_written_is_said_first(tmp_path: Path) -> None:
    done = run(f"{TARGETS}:raising", "--json", tmp_path / "missing" / "v.json")
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr


OWN = """
import torch

class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, pair):
        return Pair(self.linear(pair.a), pair.b)

def build():
    torch.manual_seed(0)
    return Net(), (Pair(torch.ones(2, 3), torch.ones(2)),)

def unseeded():
    torch.seed()
    return Net(), (Pair(torch.ones(2, 3), torch.ones(2)),)
"""


def test_a_program_of_another_process_with_classes_of_the_target(tmp_path: Path) -> None:
    """Each command is a process of its own: the second one has to register the classes, and to compare weights."""
    (tmp_path / "own.py").write_text(OWN)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "torchdraft", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert command("export", "own.py:build", "-o", "m.pt2", "-q").returncode == 0
    done = command("verify", "own.py:build", "--program", "m.pt2", "-n", "2")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Net: 2 inputs: 2 equal"), done.stderr
    done = command("verify", "own.py:unseeded", "--program", "m.pt2", "-n", "2")
    assert done.returncode == 2
    assert "'m.pt2' was made with other values of linear.bias, linear.weight" in done.stderr
    assert "torch.manual_seed" in done.stderr
