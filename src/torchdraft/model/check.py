"""The result of `torchdraft check`: which issues fail the check, and which are suppressed and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .issue import Issue
from .location import Location
from .report import Report

FailOn = Literal["baked", "guarded", "specialized", "any"]
"""The mildest severity that fails a check; `any` includes notes."""

Status = Literal["clean", "findings", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why an issue does not fail the check."""

    by: Literal["comment", "settings", "baseline", "call"]
    """`comment`: a `# torchdraft: ignore[…]` in the source. `settings`: `ignore` in pyproject.toml. `baseline`: the
    baseline accepts it. `call`: `allow` of `assert_exportable`."""
    reason: str = ""
    location: Location | None = None
    """The comment's line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One issue of a checked target."""

    issue: Issue
    fingerprint: str
    """Stays the same for the same assumption when the lines of the file move. Two issues can share one."""
    fails: bool
    """Whether it is not suppressed, and severe enough to fail the check."""
    suppressed: Suppression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTarget:
    """The result of one target."""

    target: str
    file: str = ""
    """The file that the target names or was imported from, if there is one."""
    report: Report | None = None
    """None if the target is broken."""
    findings: tuple[Finding, ...] = ()
    """One for each issue of the report, in the same order."""
    error: str = ""
    """Why there is no report."""

    @property
    def status(self) -> Status:
        """`broken` without a report, `findings` if one of them fails the check."""
        if self.report is None:
            return "broken"
        return "findings" if any(finding.fails for finding in self.findings) else "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A warning that is not a finding: an ignore comment that matches no issue, a stale entry of the baseline."""

    message: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of a run of `torchdraft check`."""

    targets: tuple[CheckedTarget, ...]
    fail_on: FailOn
    remarks: tuple[Remark, ...] = ()
    baseline: str = ""
    """The file name of the baseline that findings were compared with."""

    @property
    def status(self) -> Status:
        """The worst status of the targets."""
        found = {target.status for target in self.targets}
        return next((status for status in _WORST_FIRST if status in found), "clean")

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 2 broken."""
        return {"clean": 0, "findings": 1, "broken": 2}[self.status]

    def findings(self) -> Iterator[tuple[CheckedTarget, Finding]]:
        """Every finding with its target."""
        for target in self.targets:
            for finding in target.findings:
                yield target, finding


_WORST_FIRST: tuple[Status, ...] = ("broken", "findings", "clean")
