"""The package without torch, and what its names load."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import torchdraft

SAVED = Path(__file__).parent / "render/json/reports/2026-11-v1.json"

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class NotInstalled(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
"""


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH + code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_report_is_read_and_printed_without_torch():
    code = """
import torchdraft
report = torchdraft.Report.from_json(open(sys.argv[1]).read())
assert str(report) and report.summary() and report.to_html() and report.failures and repr(report)
assert torchdraft.Report.from_json(report.to_json()) == report
assert "torch" not in sys.modules
"""
    run(code, SAVED)


def test_a_page_is_written_without_torch(tmp_path):
    code = """
from torchdraft._cli.app import app
app(sys.argv[1:], standalone_mode=False)
assert "torch" not in sys.modules
"""
    run(code, "view", SAVED, "--no-open", "-o", tmp_path / "page.html")
    assert (tmp_path / "page.html").exists()


def test_the_model_alone_renders():
    run("from torchdraft.model import Report, Verification\nprint(Report())\nprint(Verification(trials=()))")


@pytest.mark.parametrize(
    "arguments", [["explain", "TD101"], ["rules"], ["schema"], ["schema", "check"], ["--help"], ["--version"]]
)
def test_a_command_that_needs_no_torch(arguments):
    code = """
from torchdraft._cli.app import app
app(sys.argv[1:], standalone_mode=False)
assert "torch" not in sys.modules
"""
    assert run(code, *arguments)


def test_what_needs_torch_says_so():
    code = """
import torchdraft
for name in ("draft_export", "save", "verify"):
    try:
        getattr(torchdraft, name)
    except ModuleNotFoundError as error:
        print(error)
"""
    assert run(code).count("No module named 'torch") == 3


def test_importing_the_package_imports_no_torch():
    code = 'import sys, torchdraft\nassert "torch" not in sys.modules\ntorchdraft.rules.all_rules()\n'
    code += 'assert "torch" not in sys.modules\ntorchdraft.draft_export\nassert "torch" in sys.modules'
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unsupported_torch_is_refused_when_it_is_first_needed():
    code = """
import torch
torch.__version__ = "1.0.0"
import torchdraft
torchdraft.Report()
try:
    torchdraft.draft_export
except torchdraft.UnsupportedTorch as error:
    assert "found torch 1.0.0" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", [*torchdraft.__all__, "rules", "model"])
def test_every_public_name_is_there(name):
    assert getattr(torchdraft, name) is getattr(torchdraft, name)
    assert name in dir(torchdraft)


def test_a_star_import_gives_every_public_name():
    names = {}
    exec("from torchdraft import *", names)
    assert set(torchdraft.__all__) <= set(names)


def test_the_version_is_that_of_the_distribution():
    assert torchdraft.__version__ == version("torchdraft")
    assert "__version__" in dir(torchdraft)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'torchdraft' has no attribute 'draft'"):
        torchdraft.draft  # noqa: B018


def test_the_report_of_a_program():
    import torch

    program = torchdraft.draft_export(torch.nn.ReLU(), (torch.ones(2),))
    assert torchdraft.report(program) is program._report
    with pytest.raises(ValueError, match="run_decompositions and a second export make programs without it"):
        torchdraft.report(torch.export.export(torch.nn.ReLU(), (torch.ones(2),)))
    with pytest.raises(TypeError, match="program is a ReLU"):
        torchdraft.report(torch.nn.ReLU())


def test_a_report_of_another_tool_is_none_of_torchdraft():
    import torch

    program = torch.export.export(torch.nn.ReLU(), (torch.ones(2),))
    program._report = "theirs"
    with pytest.raises(ValueError, match="a report of another tool, a builtins object"):
        torchdraft.report(program)
