import os
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import torchdraft
from tests.sample_reports import FULL
from torchdraft._cli.app import app
from torchdraft.model import Report

TARGETS = Path(__file__).parents[1] / "targets/targets.py"


@pytest.fixture
def engine(monkeypatch):
    """The API replaced by a recorder: only the command line is tested."""
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


def test_the_page_and_a_log_for_tlparse(engine, tmp_path):
    done = run("export", f"{TARGETS}:build", "--html", tmp_path / "r.html", "--tlparse", tmp_path / "log dir")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    log = tmp_path / "log dir" / "torchdraft_trace.log"
    command = done.stderr.splitlines()[-1]
    assert shlex.split(command) == ["tlparse", "--export", str(log), "-o", str(log.parent / "tl_out"), "--overwrite"]
    assert "TD101" in log.read_text()


def test_a_log_that_cannot_be_written_is_an_error(engine, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("export", f"{TARGETS}:build", "--tlparse", tmp_path / "file" / "logs")
    assert done.exit_code == 2
    assert "can't be written" in done.stderr
    assert run("export", f"{TARGETS}:build", "--html", tmp_path / "page.txt").exit_code == 2


def test_every_path(engine):
    run("export", f"{TARGETS}:build", "--paths", "all")
    assert engine[0][3]["paths"] == "all"
    assert run("export", f"{TARGETS}:build", "--paths", "some").exit_code == 2


def test_which_fake_kernels_are_compared(engine):
    run("export", f"{TARGETS}:build", "--check-kernels", "all")
    assert engine[0][3]["check_kernels"] == "all"
    assert run("export", f"{TARGETS}:build", "--check-kernels", "some").exit_code == 2


def test_learning_sizes_is_a_switch(engine):
    run("export", f"{TARGETS}:build", "--learn-sizes")
    assert engine[0][3]["learn_sizes"] is True


def test_quiet_says_nothing(engine):
    done = run("export", f"{TARGETS}:build", "--quiet")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert engine[0][3] == {
        "dynamic_shapes": None,
        "strict": False,
        "paths": "example",
        "check_kernels": "custom",
        "learn_sizes": False,
    }


def test_a_model_that_fails_eagerly(engine, tmp_path):
    done = run("export", f"{TARGETS}:failing", "-o", tmp_path / "m.pt2")
    assert done.exit_code == 2
    assert "drafting Failing raised: RuntimeError: this model is broken" in done.stderr
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


@pytest.mark.parametrize("target", ["nowhere.py:build", "model.py", f"{TARGETS}:returns_list"])
def test_a_mistake_says_what_was_given_and_expected(engine, target):
    done = run("export", target)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert "\nexpected: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_dynamic_shapes_that_do_not_fit_show_the_form(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    done = run("export", f"{TARGETS}:wrong_keys")
    sys.modules.pop("targets", None)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "\nexpected: dynamic_shapes = {'x': (2, 3)}, if every size is static\ntry: write a Dim" in done.stderr
    assert "site-packages" not in done.stderr
    assert "_draft" not in done.stderr


def test_json_on_standard_output_is_all_that_is_there(engine):
    done = run("export", f"{TARGETS}:printing", "--json", "-")
    assert done.exit_code == 0
    assert Report.from_json(done.stdout) == FULL
    assert "the model prints" in done.stderr
    assert "Net: 3 issues" in done.stderr
    assert "Net: 3 issues" not in run("export", f"{TARGETS}:printing", "--json", "-", "-q").stderr


def test_the_report_is_printed_before_anything_is_written(engine, tmp_path, monkeypatch):
    def save(program, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torchdraft, "save", save, raising=False)
    done = run("export", f"{TARGETS}:build", "-o", tmp_path / "m.pt2", "--json", tmp_path / "r.json")
    assert done.exit_code == 2
    assert done.stdout.startswith("Net: 3 issues")
    assert os.listdir(tmp_path) == ["r.json"]


def test_the_whole_traceback_is_shown_on_request(engine):
    assert "Traceback" not in run("export", f"{TARGETS}:failing").stderr
    done = run("export", f"{TARGETS}:failing", "--traceback")
    assert done.exit_code == 2
    assert "Traceback (most recent call last)" in done.stderr
    assert "RuntimeError: this model is broken" in done.stderr


def test_an_error_of_torchdraft_is_status_2_and_says_so(engine, monkeypatch):
    def print_report(*_, **__):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr("torchdraft._cli.export.print_report", print_report)
    done = run("export", f"{TARGETS}:build")
    assert done.exit_code == 2
    assert "torchdraft failed: ZeroDivisionError: unforeseen" in done.stderr
    assert "--traceback" in done.stderr
