"""Every model of the ledger: its report says what was written down by hand, at those lines, and nothing else."""

from __future__ import annotations

import pytest

from benchmarks.ledger.compare import compare, draft
from benchmarks.ledger.expected import expected, names

GAPS: dict[str, str] = {}
"""Models whose report is known to differ, and why."""


def marked(name: str):
    marks = [pytest.mark.xfail(reason=GAPS[name], strict=True)] if name in GAPS else []
    return pytest.param(name, marks=marks, id=name)


@pytest.mark.parametrize("name", [marked(name) for name in names()])
def test_the_report_says_what_was_expected(name: str) -> None:
    report = draft(name)
    difference = compare(name, report.issues)
    assert difference.exact, f"{difference}\n\n{report}"


def test_there_are_enough_models() -> None:
    assert len(names()) >= 70
    assert sum(not expected(name) for name in names()) >= 15
    assert GAPS.keys() <= set(names())
