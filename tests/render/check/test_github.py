import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given

from tests.sample_checks import ACCEPTED, MANY, PROMPT, checked
from tests.sample_reports import BRANCH
from tests.strategies import checks
from torchdraft._render.check.github import render_github
from torchdraft.model import Location, Report
from torchdraft.model.check import Check

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


@pytest.fixture(autouse=True)
def in_the_app(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/app")


def commands(check):
    """Level, properties and message of each line, parsed as GitHub's runner does."""
    return [read(line) for line in render_github(check).split("\n")[:-1]]


def read(line):
    level, told, message = COMMAND.fullmatch(line).groups()
    properties = dict(part.split("=", 1) for part in told.split(","))
    return level, {name: unquote(value) for name, value in properties.items()}, unquote(message)


def annotation(issue):
    (command,) = commands(Check(targets=(checked("t", Report(issues=(issue,))),), fail_on="any"))
    return command


@given(checks)
def test_every_line_is_one_command(check):
    broken = sum(target.report is None for target in check.targets)
    shown = sum(finding.suppressed is None for _, finding in check.findings())
    told = commands(check)
    assert len(told) == broken + shown + len(check.remarks)
    assert {name for _, properties, _ in told for name in properties} <= {"file", "line", "col", "endColumn", "title"}


def test_what_is_told_in_order():
    assert [(level, properties["title"]) for level, properties, _ in commands(MANY)] == [
        ("error", "torchdraft: targets.py:broken"),
        ("error", "TD404 python-randomness-or-clock"),
        ("notice", "TD401 input-mutation"),
        ("warning", "torchdraft"),
        ("warning", "torchdraft"),
    ]


def test_the_line_and_its_columns():
    level, properties, message = annotation(BRANCH)
    assert level == "warning"
    assert properties == {
        "file": "encoder.py", "line": "12", "col": "12", "endColumn": "32", "title": "TD101 data-dependent-branch",
    }  # fmt: skip
    lines = message.split("\n")
    assert lines[0] == BRANCH.message
    assert "where u0 = lens.max().item() at encoder.py:12" in lines
    assert lines[-1] == "severity guarded, target t"


def test_a_line_in_an_installed_package_is_told_at_the_users_line():
    _, properties, message = next(each for each in commands(MANY) if each[1]["title"].startswith("TD404"))
    assert (properties["file"], properties["line"]) == ("model.py", "30")
    assert "at vq/core.py:40 in VQ.forward: codes = self.search(x)" in message


def test_files_elsewhere_are_absolute_and_prompts_have_none():
    line = Location("/elsewhere/a,b:c%.py", 3, "f", "x = 1")
    assert annotation(replace(BRANCH, location=line, user_stack=(line,)))[1]["file"] == "/elsewhere/a,b:c%.py"
    assert list(annotation(PROMPT)[1]) == ["title"]


def test_escapes_are_those_of_workflow_commands():
    issue = replace(BRANCH, location=Location("/app/a,b:c%.py", 3), user_stack=(), message="1%\r\n2: a, b")
    text = render_github(Check(targets=(checked("t", Report(issues=(issue,))),), fail_on="any"))
    start = "::warning file=a%2Cb%3Ac%25.py,line=3,title=TD101 data-dependent-branch::1%25%0D%0A2: a, b%0A"
    assert text.startswith(start)
    assert text.count("\n") == 1


def test_notes_are_notices():
    assert [level for level, _, _ in commands(ACCEPTED)] == ["notice"]
