import json

import pytest
from hypothesis import given

from tests.sample_checks import MANY, PROMPT, TWICE, checked
from tests.strategies import checks
from torchdraft._render.check.gitlab import render_gitlab
from torchdraft.model import Report
from torchdraft.model.check import Check


@pytest.fixture(autouse=True)
def in_the_app(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/app")


def test_findings_that_fail_and_broken_targets():
    entries = json.loads(render_gitlab(MANY))
    assert [entry["severity"] for entry in entries] == ["critical", "blocker"]
    assert set(entries[0]) == {"check_name", "description", "severity", "fingerprint", "location"}
    assert entries[0]["location"]["path"].endswith(".py")
    assert entries[0]["location"]["lines"]["begin"] > 1
    assert entries[1]["location"] == {"path": "targets.py", "lines": {"begin": 1}}


def test_a_finding_without_a_file_is_at_that_of_its_target():
    (entry,) = json.loads(render_gitlab(Check(targets=(checked("m.py:f", Report(issues=(PROMPT,))),), fail_on="any")))
    assert entry["location"] == {"path": "targets.py", "lines": {"begin": 1}}


def test_two_alike_have_two_fingerprints():
    one, other = json.loads(render_gitlab(TWICE))
    assert one["fingerprint"] != other["fingerprint"]
    assert render_gitlab(TWICE) == render_gitlab(TWICE)


@given(checks)
def test_every_check_is_a_list_of_entries(check):
    entries = json.loads(render_gitlab(check))
    broken = sum(target.status == "broken" for target in check.targets)
    assert len(entries) == broken + sum(finding.fails for _, finding in check.findings())
