import re

import pytest
from hypothesis import given

from tests.sample_checks import MANY, PROMPT, checked
from tests.strategies import checks
from torchdraft._render.check.concise import render_concise
from torchdraft.model import Report
from torchdraft.model.check import Check


@pytest.fixture(autouse=True)
def in_the_app(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/app")


def test_one_line_for_each_finding_that_fails():
    lines = render_concise(MANY).splitlines()
    assert re.fullmatch(r"\S+\.py:\d+:\d+: TD\d+ .+", lines[0])
    assert lines[-4] == "targets.py:broken: broken: RuntimeError: no way 100%"
    assert lines[-3] == "encoder.py:3:1: warning: the comment ignores nothing"
    assert lines[-2] == "warning: stale: TD101"
    assert lines[-1].startswith("3 targets, 1 finding, 1 ignored, 1 accepted")


def test_a_finding_without_a_file_starts_with_its_target():
    text = render_concise(Check(targets=(checked("m.py:f", Report(issues=(PROMPT,))),), fail_on="any"))
    assert text.startswith("m.py:f: TD101 m\n")


@given(checks)
def test_every_finding_is_one_line(check):
    broken = sum(target.status == "broken" for target in check.targets)
    failing = sum(finding.fails for _, finding in check.findings())
    assert len(render_concise(check).split("\n")) == failing + broken + len(check.remarks) + 2
