from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_reports import BRANCH, FULL, LINE, MUTATION, VIOLATION
from tests.strategies import reports
from torchdraft._check.fingerprint import fingerprint
from torchdraft._check.judge import Judge, fails_at
from torchdraft.model import Report, Severity

APP = Path("/app")
LEVELS = ["any", "specialized", "guarded", "baked"]


def judge(**options):
    return Judge(**{"folder": APP, "fail_on": "specialized", **options})


def accepted(*issues):
    return Counter(fingerprint(issue, APP) for issue in issues)


@pytest.mark.parametrize(
    ("level", "failing"),
    [
        ("any", ["TD404", "TD101", "TD201", "TD401"]),
        ("specialized", ["TD404", "TD101", "TD201"]),
        ("guarded", ["TD404", "TD101"]),
        ("baked", ["TD404"]),
    ],
)
def test_the_level_says_what_fails(level, failing):
    findings = judge(fail_on=level).findings(FULL)
    assert [finding.issue.code for finding in findings if finding.fails] == failing
    assert tuple(finding.issue for finding in findings) == FULL.issues


@given(st.sampled_from(Severity))
def test_a_milder_level_fails_no_less(severity):
    found = [fails_at(severity, level) for level in LEVELS]
    assert found == sorted(found, reverse=True)


@given(reports)
def test_the_default_level_is_that_of_successful(report):
    findings = judge().findings(report)
    assert any(finding.fails for finding in findings) is not report.successful()


def test_required_sides_fail_at_every_level():
    constant, not_merged = replace(BRANCH, severity=Severity.NOTE), replace(MUTATION, code="TD604")
    report = Report(issues=(VIOLATION, BRANCH, constant, not_merged, MUTATION))
    failing = [each.issue for each in judge(fail_on="baked", both_sides=True).findings(report) if each.fails]
    assert failing == [BRANCH, not_merged]
    excused = judge(fail_on="baked", both_sides=True, ignore={"TD101": "never negative"}).findings(report)
    assert [each.issue for each in excused if each.fails] == [not_merged]
    assert not any(each.fails for each in judge(fail_on="baked").findings(report))


def test_settings_and_the_call_excuse_by_code():
    found = judge(ignore={"TD101": "never negative"}, allow=("TD404",)).findings(FULL)
    told = {each.issue.code: (each.suppressed.by, each.suppressed.reason) for each in found if each.suppressed}
    assert told == {"TD101": ("settings", "never negative"), "TD404": ("call", "")}
    assert [each.issue.code for each in found if each.fails] == ["TD201"]


def test_the_baseline_excuses_what_was_there():
    counts = accepted(BRANCH, VIOLATION)
    found = judge().findings(FULL, counts)
    assert [each.issue.code for each in found if each.suppressed] == ["TD101", "TD201"]
    assert [each.issue.code for each in found if each.fails] == ["TD404"]
    assert counts.total() == 0


def test_lines_may_move():
    later = replace(BRANCH, location=replace(LINE, line=400), expr="u9 > 5")
    assert not judge().findings(Report(issues=(later,)), accepted(BRANCH))[0].fails


def test_a_second_one_on_a_new_line_is_new():
    again = replace(BRANCH, location=replace(LINE, line=400))
    first, second = judge().findings(Report(issues=(BRANCH, again)), accepted(BRANCH))
    assert (first.fails, second.fails) == (False, True)
    assert first.fingerprint == second.fingerprint


def test_what_is_not_found_is_left_over():
    counts = accepted(BRANCH, BRANCH, VIOLATION)
    judge().findings(Report(issues=(BRANCH,)), counts)
    assert +counts == accepted(BRANCH, VIOLATION)


def test_a_comment_comes_before_settings_and_baseline(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("if x > 0:  # torchdraft: ignore[TD101] checked by the caller\n")
    here = replace(LINE, file=str(file), line=1)
    issue = replace(BRANCH, location=here, user_stack=(here,))
    counts = Counter({fingerprint(issue, APP): 1})
    (found,) = judge(ignore={"TD101": "x"}).findings(Report(issues=(issue,)), counts)
    assert (found.suppressed.by, found.suppressed.reason) == ("comment", "checked by the caller")
    assert counts.total() == 1


def test_notes_can_be_accepted_too():
    (found,) = judge(fail_on="any").findings(Report(issues=(MUTATION,)), accepted(MUTATION))
    assert not found.fails
