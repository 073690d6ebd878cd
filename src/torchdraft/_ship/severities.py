"""The report of a shipped program: an assumption that nothing checks any more makes its issue `baked`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from torchdraft._draft.report.graph_nodes import nodes_of
from torchdraft.model import Issue, Report, Severity
from torchdraft.model.shipment import Assumption, Carried


def as_shipped(report: Report, assumptions: Sequence[Assumption]) -> Report:
    """The report with the severities that hold for the shipped program."""
    lost = [each for each in assumptions if each.carried is Carried.LOST]
    if not lost:
        return report
    issues = [_raised(issue) if any(_is_about(issue, each) for each in lost) else issue for issue in report.issues]
    return replace(report, issues=tuple(sorted(issues, key=lambda issue: -issue.severity.rank)))


def _is_about(issue: Issue, assumption: Assumption) -> bool:
    if assumption.node:
        return assumption.node in nodes_of(issue)
    dimensions = re.findall(r"[\w.\[\]']+?\.shape\[\d+\]", assumption.text)
    return issue.data.get("dimension") in dimensions


def _raised(issue: Issue) -> Issue:
    if issue.severity <= Severity.NOTE:
        return issue
    text = "The shipped program does not check this: it can be wrong on other inputs, in silence."
    return replace(issue, severity=Severity.BAKED, message=f"{issue.message} {text}")
