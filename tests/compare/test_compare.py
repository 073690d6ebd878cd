"""Every way in a process of its own: what works, why not, and what it made."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from tests.compare import targets
from torchdraft._cli.app import app
from torchdraft._compare.compare import compare
from torchdraft._compare.result import Break, Result
from torchdraft._compare.table import render, to_json
from torchdraft._compare.ways import WAYS, Captured
from torchdraft._compare.worker import measured
from torchdraft._render.text import as_text
from torchdraft._targets.target import Target

FILE = Path(__file__).parent / "targets.py"


def target(name):
    return Target(*getattr(targets, name)(), *([{}, None] if name != "branches" else []))


@pytest.mark.parametrize("way", [way for way in WAYS if way != "draft_export"])
def test_a_plain_model_works_everywhere(way):
    result = measured(way, target("plain"))
    assert (result.works, result.equal) == (True, None if way == "eager" else True)
    assert result.breaks == ()


def test_a_branch_on_data():
    model, args, _, shapes = targets.branches()
    found = Target(model, args, {}, shapes)
    refused = measured("export", found)
    assert (refused.works, refused.equal) == (False, None)
    assert refused.why.startswith("GuardOnDataDependentSymNode: ")
    drafted = measured("torchdraft", found)
    assert (drafted.works, drafted.equal, drafted.dynamic) == (True, True, ("x.shape[0]",))
    assert drafted.why == "1 issue (1 guarded)"
    compiled = measured("torch.compile", found)
    assert compiled.works
    assert any("targets.py:12" in each.line for each in compiled.breaks)


def test_a_result_that_differs_is_found(monkeypatch):
    wrong = {"export": lambda found: Captured(lambda x: found.model(x) + 1)}
    monkeypatch.setattr("torchdraft._compare.worker.WAYS", wrong)
    assert measured("export", target("plain")).equal is False
    monkeypatch.setattr("torchdraft._compare.worker.WAYS", {"export": lambda found: Captured(lambda x: 1 / 0)})
    result = measured("export", target("plain"))
    assert (result.equal, result.why) == (False, "raises on the example: ZeroDivisionError: division by zero")


def test_one_way_does_not_change_the_model_of_another():
    found = target("counts")
    for _ in range(2):
        assert measured("export", found).works
    assert found.model.calls == 0


def test_a_process_that_dies_or_hangs_is_a_way_that_does_not_work():
    (dead,) = compare(f"{FILE}:dies", ["eager"], limit=300)
    assert (dead.works, dead.why) == (False, "its process ended with status 3: ")
    (late,) = compare(f"{FILE}:hangs", ["eager"], limit=1)
    assert (late.works, late.why) == (False, "it took more than 1 s")


def test_the_command(tmp_path):
    arguments = ["compare", f"{FILE}:branches", "--way", "eager", "--way", "export", "--json", str(tmp_path / "c.json")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["way", "works", "equal", "seconds", "MB", "dynamic"]
    assert "export: GuardOnDataDependentSymNode" in done.stdout
    assert "running" not in done.stdout
    ways = json.loads((tmp_path / "c.json").read_text())["ways"]
    assert [way["way"] for way in ways] == ["eager", "export"]
    assert CliRunner().invoke(app, ["compare", f"{FILE}:branches", "--way", "magic"]).exit_code == 2
    assert CliRunner().invoke(app, ["compare", f"{FILE}:gone"]).exit_code == 2


def test_the_table():
    results = [
        Result(way="eager", works=True, seconds=0.25, megabytes=12.4),
        Result(way="export", works=False, why="ValueError: no"),
        Result(way="torch.compile", works=True, equal=False, breaks=(Break(line="m.py:3", reason="a print"),)),
    ]
    text = as_text(render(results))
    assert text.splitlines()[1].split() == ["eager", "yes", "0.25", "12"]
    assert "export: ValueError: no" in text
    assert "  graph break at m.py:3: a print" in text
    assert json.loads(to_json("m.py:f", results))["ways"][1]["why"] == "ValueError: no"
    assert Result.from_json(results[2].to_json()) == results[2]


def test_a_dtype_that_differs_is_no_equal_result(monkeypatch):
    wrong = {"export": lambda found: Captured(lambda x: found.model(x).to(torch.float64))}
    monkeypatch.setattr("torchdraft._compare.worker.WAYS", wrong)
    assert measured("export", target("plain")).equal is False
