import subprocess
import sys

import pytest
import torch
from typer.testing import CliRunner

import torchdraft
from tests.inspect.test_run import PROGRAM
from torchdraft._cli.app import app
from torchdraft.model import Report


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("programs") / "m.pt2"
    torchdraft.save(PROGRAM, path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})


def test_show(file):
    done = run("show", file)
    assert done.exit_code == 0, done.stderr
    assert "\nAssertions\n" in done.stdout
    assert "TD101 data-dependent-branch" in done.stdout
    assert "\nGraph\n" in run("show", file, "--graph", "--grep", "mul").stdout
    assert Report.from_json(run("show", file, "--report", "--json").stdout) == PROGRAM._report
    assert run("show", file, "--report").stdout.startswith("Net: 1 issue")


@pytest.mark.parametrize("arguments", [("--grep", "("), ("--module", "encoder")])
def test_a_wrong_filter(file, arguments):
    done = run("show", file, *arguments)
    assert done.exit_code == 2
    assert "\nexpected: " in done.stderr


def test_what_is_no_program(tmp_path):
    (tmp_path / "m.pt2").write_text("nothing")
    for command in ("show", "run"):
        assert "can't be read" in run(command, tmp_path / "m.pt2").stderr
        assert run(command, tmp_path / "n.pt2").exit_code == 2


def test_a_run_on_the_example_and_on_a_file(file, tmp_path):
    assert run("run", file, "-o", tmp_path / "out.pt").stdout == "output['y']: float32[2] all 2\noutput['n']: 3\n"
    assert torch.equal(torch.load(tmp_path / "out.pt")["y"], torch.full((2,), 2.0))
    torch.save((torch.tensor([1.0, 2.0]),), tmp_path / "in.pt")
    assert "float32[2] [2, 4]" in run("run", file, "--inputs", tmp_path / "in.pt").stdout


def test_a_run_on_what_the_program_refuses(file, tmp_path):
    torch.save(-torch.ones(2), tmp_path / "in.pt")
    done = run("run", file, "--inputs", tmp_path / "in.pt")
    assert done.exit_code == 1
    assert "assumption: TD101 data-dependent-branch" in done.stdout


def test_inputs_that_are_none(file, tmp_path):
    (tmp_path / "in.pt").write_text("nothing")
    for inputs in (tmp_path / "in.pt", tmp_path / "gone.pt", "nowhere.py:build"):
        done = run("run", file, "--inputs", inputs)
        assert done.exit_code == 2
        assert "\nexpected: " in done.stderr


LOGGED = """
import os
from pathlib import Path
from torchdraft._cli.app import app

def run(*arguments):
    try:
        app(["export", "logged.py:build", "-q", *arguments])
    except SystemExit as done:
        assert done.code == 0

run("--logs", "+export", "--log-file", "log.txt")
assert "relu" in Path("log.txt").read_text()
assert "TORCH_LOGS" not in os.environ
size = Path("log.txt").stat().st_size
run()
assert Path("log.txt").stat().st_size == size
"""


def test_the_logs_of_torch_for_one_command(tmp_path):
    """In a process of its own, in which the second command imports torch no more."""
    (tmp_path / "logged.py").write_text("import torch\ndef build(): return torch.nn.ReLU(), (torch.ones(2),)\n")
    done = subprocess.run([sys.executable, "-c", LOGGED], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [("--logs", "no such"), ("--logs", "made_up_log"), ("--log-file", "log.txt")])
def test_logs_that_are_none(arguments):
    done = run("export", "m.py:build", *arguments)
    assert done.exit_code == 2
    assert "\nexpected: " in done.stderr
