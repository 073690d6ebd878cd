"""The plugin in a pytest of its own, as a project that uses torchdraft runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"

WITHOUT_TORCH = """
import sys

def test_nothing_is_imported(request):
    assert "torchdraft" not in sys.modules
    assert "torch" not in sys.modules
    assert request.config.pluginmanager.has_plugin("_torchdraft_pytest")
"""

FAILING = """
import torch

class Loud(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x

def test_export(assert_exportable):
    assert_exportable(Loud(), (torch.ones(3),), allow=("TD101",))
    assert_exportable(Loud(), (torch.ones(3),))
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a test file with this plugin and no other, whether or not torchdraft is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.setenv("COLUMNS", "120")

    def go(text):
        (tmp_path / "test_it.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-p", "_torchdraft_pytest", "-p", "no:cacheprovider", "test_it.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return go


def test_loading_it_imports_neither_torch_nor_torchdraft(run):
    done = run(WITHOUT_TORCH)
    assert done.returncode == 0, done.stdout


def test_a_failure_shows_the_test_and_the_report_and_no_line_of_ours(run):
    done = run(FAILING)
    assert done.returncode == 1
    assert ">       assert_exportable(Loud(), (torch.ones(3),))" in done.stdout
    assert "E       AssertionError: Loud: 1 issue (1 guarded)" in done.stdout
    assert "TD101 data-dependent-branch" in done.stdout
    assert "test_it.py:6 in Loud.forward" in done.stdout
    assert "__tracebackhide__" not in done.stdout
    assert "exportable.py" not in done.stdout


def test_the_plugin_is_declared():
    import tomllib

    project = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"torchdraft": "_torchdraft_pytest"}
