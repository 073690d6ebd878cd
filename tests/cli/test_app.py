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
