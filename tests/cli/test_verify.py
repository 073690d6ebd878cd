"""`torchdraft verify`: exit statuses, files, usage errors."""

from __future__ import annotations

import json
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
