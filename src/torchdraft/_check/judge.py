"""Turns a report into findings: which issues fail the check, and what suppresses the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from torchdraft.model import Issue, Report, Severity
from torchdraft.model.check import FailOn, Finding, Suppression

from .baseline import Counts
from .comments import Comments
from .fingerprint import fingerprint


class Judge:
    """Applies settings, ignore comments and a baseline to the reports of one check."""

    def __init__(
        self,
        *,
        folder: Path,
        fail_on: FailOn,
        ignore: Mapping[str, str] | None = None,
        allow: Collection[str] = (),
        select: Collection[str] | None = None,
        both_sides: bool = False,
    ) -> None:
        self.folder = folder
        self.fail_on = fail_on
        self.ignore = dict(ignore or {})
        self.allow = frozenset(allow)
        self.select = select
        """The codes that the call is about; None for all."""
        self.both_sides = both_sides
        """Whether a branch of which one side alone is in the program fails at every level."""
        self.comments = Comments()

    def findings(self, report: Report, accepted: Counts | None = None) -> tuple[Finding, ...]:
        """One finding for each issue. Decreases `accepted` by the findings that the baseline accepts; the rest is
        stale.
        """
        accepted = Counter() if accepted is None else accepted
        return tuple(self._finding(issue, accepted) for issue in report.issues)

    def _finding(self, issue: Issue, accepted: Counts) -> Finding:
        print_ = fingerprint(issue, self.folder)
        suppressed = self._suppressed(issue)
        if suppressed is None and accepted[print_] > 0:
            accepted[print_] -= 1
            suppressed = Suppression(by="baseline", reason="it was there when the baseline was written")
        severe = fails_at(issue.severity, self.fail_on) or (self.both_sides and keeps_one_side(issue))
        fails = suppressed is None and severe
        return Finding(issue=issue, fingerprint=str(print_), fails=fails, suppressed=suppressed)

    def _suppressed(self, issue: Issue) -> Suppression | None:
        if self.select is not None and issue.code not in self.select:
            return Suppression(by="call", reason="not selected")
        if comment := self.comments.suppress(issue):
            return comment
        if issue.code in self.ignore:
            return Suppression(by="settings", reason=self.ignore[issue.code])
        return Suppression(by="call") if issue.code in self.allow else None


def keeps_one_side(issue: Issue) -> bool:
    """Whether the issue is that one side alone of a branch is in the program, or of all branches."""
    return issue.code == "TD604" or (issue.code == "TD101" and issue.severity > Severity.NOTE)


def fails_at(severity: Severity, level: FailOn) -> bool:
    """Whether an issue of this severity fails a check at this level."""
    return level == "any" or severity >= Severity(level)
