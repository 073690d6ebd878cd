import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from tests.sample_reports import BRANCH, CLEAN, CLOCK, FULL, MUTATION, NOTES, VIOLATION
from torchdraft.model import Report, Severity


@pytest.mark.parametrize(("issue", "sound"), [(MUTATION, True), (VIOLATION, False), (BRANCH, False), (CLOCK, False)])
def test_successful_means_nothing_above_a_note(issue, sound):
    report = Report(issues=(issue,))
    assert report.successful() is sound
    assert (report.failures == []) is sound


def test_counts_are_worst_first():
    assert list(FULL.counts()) == [Severity.BAKED, Severity.GUARDED, Severity.SPECIALIZED, Severity.NOTE]
    assert CLEAN.counts() == {}


def test_repr_is_one_line():
    assert repr(FULL) == "<Report Net: 1 baked, 1 guarded, 1 specialized, 1 note; rung island>"
    assert FULL.summary() == "Net: 3 issues (1 baked, 1 guarded, 1 specialized) and 1 note"
    assert repr(Report()) == "<Report model: no issues; rung symbolic>"


def test_reports_are_frozen_and_copy_like_data():
    with pytest.raises(FrozenInstanceError):
        FULL.rung = "concrete"
    assert FULL.failures  # a cached view must not get in the way of copying
    assert copy.deepcopy(FULL) == pickle.loads(pickle.dumps(FULL)) == FULL
    assert replace(NOTES, issues=()).issues == ()


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # importing torch raises
from torchdraft.model import Report
from torchdraft.rules import all_rules
report = Report.from_json(open(sys.argv[1]).read())
assert str(report) and report.to_html() and report.failures and all_rules()
"""


def test_a_report_can_be_read_where_torch_is_not():
    saved = Path(__file__).parents[1] / "render/json/reports/2026-11-v1.json"
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH, saved], check=True)
