"""Renders checks for a rich console: failing findings in full, other findings as one line per kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from torchdraft._render import words
from torchdraft._render.terminal import render_report
from torchdraft.model import Report, Severity
from torchdraft.model.check import Check, CheckedTarget, FailOn, Finding, Remark

_BY = {"comment": "by a comment", "settings": "by the settings", "baseline": "by the baseline", "call": "by the call"}

_LEVELS: dict[FailOn, str] = {
    "baked": "baked",
    "guarded": "guarded and worse",
    "specialized": "specialized and worse",
    "any": "any issue, notes too",
}


def render_check(check: Check) -> Iterator[RenderableType]:
    """The targets, then warnings, then the result in one line."""
    for target in check.targets:
        yield from _target(target)
        yield Text()
    for remark in check.remarks:
        yield _remark(remark)
    yield Text(result(check), style="bold green" if check.status == "clean" else "bold red")


def render_findings(report: Report, findings: Iterable[Finding]) -> Iterator[RenderableType]:
    """The findings of one report: failing issues in full, the others in one line for each reason not to fail."""
    findings = list(findings)
    if failing := tuple(finding.issue for finding in findings if finding.fails):
        yield from render_report(replace(report, issues=failing))
    for line in _folded(findings):
        yield Padding(Text(line, style="dim"), (0, 0, 0, 2), expand=False)


def _target(target: CheckedTarget) -> Iterator[RenderableType]:
    if target.report is None:
        yield Text.assemble((target.target, "bold"), ": ", ("broken", "bold red"))
        yield Padding(Text(target.error), (0, 0, 0, 2), expand=False)
        return
    clean = target.status == "clean"
    yield Text.assemble((target.target, "bold"), Text.assemble(": ", ("clean", "green")) if clean else "")
    yield from render_findings(target.report, target.findings)


def _folded(findings: Collection[Finding]) -> Iterator[str]:
    """One line for each reason not to fail."""
    milder = [finding for finding in findings if not finding.fails and finding.suppressed is None]
    if milder:
        yield f"{_count_by_severity(milder)} below the fail level: {_codes(milder)}"
    for by, reason in _BY.items():
        if found := [finding for finding in findings if finding.suppressed and finding.suppressed.by == by]:
            word = "accepted" if by == "baseline" else "ignored"
            yield f"{len(found)} {word} {reason}: {_codes(found)}"


def _count_by_severity(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.issue.severity for finding in findings)
    return ", ".join(
        words.plural(counts[severity], "note") if severity == "note" else f"{counts[severity]} {severity}"
        for severity in reversed(Severity)
        if counts[severity]
    )


def _codes(findings: Collection[Finding]) -> str:
    """`TD101 ×2 (never negative), TD401`: codes with their reasons."""
    reasons = Counter((each.issue.code, each.suppressed.reason if each.suppressed else "") for each in findings)
    baseline = all(each.suppressed and each.suppressed.by == "baseline" for each in findings)
    return ", ".join(
        code + (f" ×{count}" if count > 1 else "") + (f" ({reason})" if reason and not baseline else "")
        for (code, reason), count in reasons.items()
    )


def _remark(remark: Remark) -> Text:
    where = f"{words.place(remark.location)}: " if remark.location else ""
    return Text.assemble(("warning: ", "bold yellow"), where + remark.message)


def result(check: Check) -> str:
    """The last line."""
    findings = [finding for _, finding in check.findings()]
    failing = sum(finding.fails for finding in findings)
    broken = sum(target.status == "broken" for target in check.targets)
    suppressed = Counter(finding.suppressed.by == "baseline" for finding in findings if finding.suppressed)
    parts = [words.plural(len(check.targets), "target"), words.plural(failing, "finding")]
    parts += [f"{suppressed[False]} ignored"] if suppressed[False] else []
    parts += [f"{suppressed[True]} accepted by {check.baseline or 'the baseline'}"] if suppressed[True] else []
    parts += [f"{broken} broken"] if broken else []
    return f"{', '.join(parts)} (failing on {_LEVELS[check.fail_on]})"
