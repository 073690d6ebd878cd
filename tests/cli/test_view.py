import webbrowser

import pytest
import torch
from typer.testing import CliRunner

import torchdraft
from tests.page.reports import PAGE
from tests.sample_reports import FULL
from torchdraft._cli.app import app


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(webbrowser, "open", lambda address: found.append(address) or True)
    return found


def run(*arguments):
    return CliRunner().invoke(app, ["view", *map(str, arguments)], env={"COLUMNS": "100"})


def test_a_report_becomes_a_page_that_the_browser_opens(shown, tmp_path):
    (tmp_path / "r.json").write_text(PAGE.to_json())
    done = run(tmp_path / "r.json")
    assert done.exit_code == 0, done.stderr
    (address,) = shown
    assert address == f"file://{done.stdout.strip()}"
    with open(done.stdout.strip(), encoding="utf-8") as page:
        assert '"_assert_scalar"' in page.read()


def test_a_page_can_be_written_and_not_opened(shown, tmp_path):
    (tmp_path / "r.json").write_text(FULL.to_json())
    done = run(tmp_path / "r.json", "-o", tmp_path / "r.html", "--no-open")
    assert (done.exit_code, shown) == (0, [])
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_without_a_browser_it_says_where_the_page_is(monkeypatch, tmp_path):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    (tmp_path / "r.json").write_text(FULL.to_json())
    done = run(tmp_path / "r.json", "-o", tmp_path / "r.html")
    assert done.exit_code == 0
    assert "no browser could be started" in done.stderr


def test_a_program_shows_its_graph(shown, tmp_path):
    program = torchdraft.draft_export(torch.nn.Linear(2, 2), (torch.ones(1, 2),))
    torchdraft.save(program, tmp_path / "m.pt2")
    done = run(tmp_path / "m.pt2", "-o", tmp_path / "m.html", "--no-open")
    assert done.exit_code == 0, done.stderr
    assert '"aten.linear.default"' in (tmp_path / "m.html").read_text(encoding="utf-8")


def test_a_program_is_shown_without_loading_it(shown, tmp_path, monkeypatch):
    torchdraft.save(torchdraft.draft_export(torch.nn.Linear(2, 2), (torch.ones(1, 2),)), tmp_path / "m.pt2")
    monkeypatch.setattr(torchdraft, "load", None)
    assert run(tmp_path / "m.pt2", "-o", tmp_path / "m.html", "--no-open").exit_code == 0
    assert '"aten.linear.default"' in (tmp_path / "m.html").read_text(encoding="utf-8")


def test_an_older_file_is_loaded_for_its_graph(shown, tmp_path, monkeypatch):
    program = torchdraft.draft_export(torch.nn.Linear(2, 2), (torch.ones(1, 2),))
    with monkeypatch.context() as patched:
        patched.setattr(torchdraft._archive, "ProgramGraph", None)
        torchdraft.save(program, tmp_path / "m.pt2")
    assert run(tmp_path / "m.pt2", "-o", tmp_path / "m.html", "--no-open").exit_code == 0
    assert '"aten.linear.default"' in (tmp_path / "m.html").read_text(encoding="utf-8")

    def load(path):
        raise RuntimeError("no operator mylib::foo")

    monkeypatch.setattr(torchdraft, "load", load)
    done = run(tmp_path / "m.pt2", "-o", tmp_path / "m.html", "--no-open")
    assert done.exit_code == 0
    assert "without the graph" in done.stderr
    assert "mylib::foo" in done.stderr


def test_what_cannot_be_read_is_said(shown, tmp_path):
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "bad.pt2").write_bytes(b"no archive")
    torch.export.save(torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),)), tmp_path / "plain.pt2")
    for name, text in (
        ("gone.json", "there is no file"),
        ("report.txt", "ending in .json or .pt2"),
        ("bad.json", "can't be read"),
        ("bad.pt2", "can't be read as a program"),
        ("plain.pt2", "has no report"),
    ):
        done = run(tmp_path / name)
        assert done.exit_code == 2
        assert text in done.stderr
    (tmp_path / "r.json").write_text(FULL.to_json())
    assert run(tmp_path / "r.json", "-o", tmp_path / "page.pdf").exit_code == 2
    assert shown == []
