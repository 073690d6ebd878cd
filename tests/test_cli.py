import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import torchdraft
from tests.sample_reports import FULL
from torchdraft._cli.app import app
from torchdraft.model import Report
from torchdraft.rules import all_rules

TARGETS = Path(__file__).parent / "command/targets.py"


@pytest.fixture
def engine(monkeypatch):
    """The API replaced by a recorder: the command line is what is tested here."""
    calls = []

    def draft_export(model, args, kwargs, **options):
        calls.append((model, args, kwargs, options))
        model(*args, **kwargs)
        return SimpleNamespace(_report=FULL)

    def save(program, path):
        Path(path).write_bytes(b"program")

    monkeypatch.setattr(torchdraft, "draft_export", draft_export)
    monkeypatch.setattr(torchdraft, "save", save, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield calls
    sys.modules.pop("targets", None)


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})


def test_export_drafts_prints_and_writes(engine, tmp_path):
    done = run("export", f"{TARGETS}:everything", "-o", tmp_path / "m.pt2", "--json", tmp_path / "r.json", "--strict")
    assert done.exit_code == 0, done.stderr
    ((model, args, kwargs, options),) = engine
    assert (type(model).__name__, len(args), list(kwargs)) == ("Doubler", 1, ["bias"])
    assert options["strict"] is True
    assert list(options["dynamic_shapes"]) == ["x", "bias"]
    assert done.stdout.startswith("Net: 3 issues (1 baked, 1 guarded, 1 specialized) and 1 note\n")
    assert "m.pt2 (7 B)" in done.stderr
    assert (tmp_path / "m.pt2").read_bytes() == b"program"
    assert Report.from_json((tmp_path / "r.json").read_text()) == FULL
    assert sorted(os.listdir(tmp_path)) == ["m.pt2", "r.json"]


def test_quiet_says_nothing(engine):
    done = run("export", f"{TARGETS}:build", "--quiet")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert engine[0][3] == {"dynamic_shapes": None, "strict": False}


def test_a_model_that_fails_eagerly(engine, tmp_path):
    done = run("export", f"{TARGETS}:failing", "-o", tmp_path / "m.pt2")
    assert done.exit_code == 2
    assert "drafting Failing raised RuntimeError: this model is broken" in done.stderr
    assert 'raise RuntimeError("this model is broken")' in done.stderr
    assert "site-packages" not in done.stderr
    assert os.listdir(tmp_path) == []


def test_an_output_that_can_not_be_written_is_said_first(engine, tmp_path):
    done = run("export", f"{TARGETS}:build", "-o", tmp_path / "missing" / "m.pt2")
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr
    assert engine == []


def test_a_save_that_fails_leaves_nothing(engine, tmp_path, monkeypatch):
    def save(program, path):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torchdraft, "save", save, raising=False)
    done = run("export", f"{TARGETS}:build", "-o", tmp_path / "m.pt2")
    assert done.exit_code == 2
    assert "can't be written: No space left on device" in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("target", ["nowhere.py:build", "model.py", f"{TARGETS}:wrong_keys", f"{TARGETS}:returns_list"])
def test_a_mistake_says_what_was_given_and_expected(engine, target):
    done = run("export", target)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert "\nexpected: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["export"], ["export", "a", "b"], ["nothing"], ["export", "a:b", "--x"]])
def test_a_wrong_call_is_status_2(arguments):
    assert run(*arguments).exit_code == 2


def test_explain_prints_the_page():
    rule = all_rules()[0]
    assert run("explain", "td101").stdout == rule.page()
    assert run("explain", rule.name).stdout == rule.page()


def test_explain_names_the_known_rules():
    done = run("explain", "TD000")
    assert done.exit_code == 2
    assert "expected: one of TD101, TD102" in done.stderr


def test_rules_lists_them_all():
    lines = run("rules").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        [rule.code, rule.name, str(rule.severity)] for rule in all_rules()
    ]


@pytest.mark.parametrize(("arguments", "file"), [([], "report"), (["report"], "report"), (["check"], "check")])
def test_schema_prints_what_is_published(arguments, file):
    published = Path(__file__).parents[1] / f"docs/schema/{file}-v1.json"
    assert run("schema", *arguments).stdout == published.read_text()


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
