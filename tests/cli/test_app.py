import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from torchdraft._cli.app import app

TARGETS = Path(__file__).parents[1] / "targets/targets.py"


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})


@pytest.mark.parametrize("arguments", [[], ["export"], ["export", "a", "b"], ["nothing"], ["export", "a:b", "--x"]])
def test_a_wrong_call_is_status_2(arguments):
    assert run(*arguments).exit_code == 2


def test_version():
    assert run("--version").stdout.startswith("torchdraft ")


def test_the_whole_command_runs_as_a_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "torchdraft", "export", f"{TARGETS}:build", "--json", "r.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Doubler: a sound program")
    assert json.loads((tmp_path / "r.json").read_text())["model"] == "Doubler"


@pytest.mark.parametrize("command", ["", *(each.name or each.callback.__name__ for each in app.registered_commands)])
def test_help_imports_little_and_shows_no_type_of_a_flag(command):
    code = """
import sys
from torchdraft._cli.app import app
try:
    app(sys.argv[1:])
finally:
    heavy = {"torch", "rich.console", "jinja2", "torchdraft.rules", "torchdraft._check", "torchdraft._render"}
    assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split(), "--help"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--help" in done.stdout
    assert "<bool>" not in done.stdout


def test_completion_knows_commands_and_rules():
    def completed(*words):
        line = " ".join(["torchdraft", *words])
        environment = {"_TORCHDRAFT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
        return CliRunner().invoke(app, [], env=environment, prog_name="torchdraft").stdout

    assert "verify" in completed("ve")
    assert "TD405" in completed("explain", "TD4")


def test_a_draft_that_warns_prints_its_report_alone(tmp_path):
    (tmp_path / "m.py").write_text(TIMED)
    done = subprocess.run(
        [sys.executable, "-m", "torchdraft", "export", "m.py:build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TD404" in done.stdout
    assert done.stderr == ""


TIMED = """
import time
import torch

class Timed(torch.nn.Module):
    def forward(self, x):
        return x * time.time()

def build():
    return Timed(), (torch.ones(2),)
"""
