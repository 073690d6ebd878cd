"""Checks that several tests look at."""

from __future__ import annotations

from tests.sample_reports import BRANCH, CLEAN, FULL, NOTES
from torchdraft.model import Issue, Location, Report, Severity
from torchdraft.model.check import Check, CheckedTarget, Finding, Remark, Suppression

COMMENT = Suppression(
    by="comment", reason="lens is never longer", location=Location("/app/encoder.py", 11, source="# torchdraft: …")
)
BASELINE = Suppression(by="baseline")


def checked(name: str, report: Report, suppressed: dict[int, Suppression] | None = None) -> CheckedTarget:
    """A target whose issues above `note` fail, but for the suppressed ones, by their place in the report."""
    suppressed = suppressed or {}
    findings = tuple(
        Finding(
            issue=issue,
            fingerprint=f"{issue.code}-0",
            fails=number not in suppressed and issue.severity > Severity.NOTE,
            suppressed=suppressed.get(number),
        )
        for number, issue in enumerate(report.issues)
    )
    return CheckedTarget(target=name, file="/app/targets.py", report=report, findings=findings)


BROKEN = CheckedTarget(target="targets.py:broken", file="/app/targets.py", error="RuntimeError: no\nway 100%")
UNUSED = Remark(
    message="the comment ignores nothing", location=Location("/app/encoder.py", 3, source="# torchdraft: …")
)

MANY = Check(
    targets=(
        checked("targets.py:full", FULL, {1: COMMENT, 2: BASELINE}),
        checked("targets.py:clean", CLEAN),
        BROKEN,
    ),
    fail_on="specialized",
    remarks=(UNUSED, Remark(message="stale: TD101")),
    baseline="/app/baseline.json",
)
ACCEPTED = Check(targets=(checked("targets.py:notes", NOTES),), fail_on="specialized")
TWICE = Check(targets=(checked("t", Report(issues=(BRANCH, BRANCH))),), fail_on="guarded")

PROMPT = Issue(
    code="TD101", name="n", severity=Severity.GUARDED, message="m", location=Location("<stdin>", 1, "forward")
)
