"""A run of `torchdraft check`: draft every target, judge the reports, compare with the baseline."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from torchdraft._targets.drafting import draft
from torchdraft._targets.dynamic_shapes import check_dynamic_shapes
from torchdraft._targets.target import load_target
from torchdraft._targets.usage_error import Mistake
from torchdraft.model import Report
from torchdraft.model.check import Check, CheckedTarget, Remark

from .baseline import Baseline, Counts
from .fingerprint import Fingerprint, fingerprint
from .judge import Judge
from .targets import Asked

Progress = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Drafted:
    """What became of one target, before its issues are judged."""

    asked: Asked
    file: str = ""
    report: Report | None = None
    error: str = ""


def draft_all(targets: Iterable[Asked], progress: Progress) -> list[Drafted]:
    """Every target, broken ones too. What the models print goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        return [_drafted(asked, progress) for asked in targets]


def judged(drafted: Sequence[Drafted], judge: Judge, baseline: Baseline | None, *, whole: bool) -> Check:
    """The check. `whole`: these are all targets of the project, so that a baseline's other ones are stale."""
    remaining = {each.asked.key: baseline.accepted(each.asked.key) if baseline else Counter() for each in drafted}
    targets = tuple(_checked(each, judge, remaining[each.asked.key]) for each in drafted)
    broken = {each.asked.key for each in drafted if each.report is None}
    if baseline and whole:
        remaining = {key: baseline.accepted(key) for key in baseline.targets} | remaining
    stale = [remark for key in sorted(remaining.keys() - broken) for remark in _stale(key, remaining[key])]
    return Check(targets=targets, fail_on=judge.fail_on, remarks=(*judge.comments.remarks(), *stale))


def accepting(drafted: Sequence[Drafted], check: Check, judge: Judge, old: Baseline, *, whole: bool) -> Baseline:
    """A baseline of what fails now. Broken targets, and those that were not asked for, keep what they had."""
    now = {each.asked.key: _failing(target, judge) for each, target in _reported(drafted, check)}
    return Baseline(_kept(drafted, old, whole=whole) | now)


def narrowed(drafted: Sequence[Drafted], judge: Judge, old: Baseline, *, whole: bool) -> Baseline:
    """The baseline without what is no longer found; nothing new is accepted."""
    now = {}
    for each in drafted:
        if each.report is not None:
            remaining = old.accepted(each.asked.key)
            judge.findings(each.report, remaining)
            now[each.asked.key] = old.accepted(each.asked.key) - remaining
    return Baseline(_kept(drafted, old, whole=whole) | now)


def _drafted(asked: Asked, progress: Progress) -> Drafted:
    file = ""
    try:
        with progress(f"loading {asked.text}"):
            found = load_target(asked.text, asked.folder)
            file = found.file
            check_dynamic_shapes(found.model, found.args, found.kwargs, found.dynamic_shapes)
        with progress(f"drafting {asked.text}"):
            return Drafted(asked, file, draft(found)._report)
    except Mistake as mistake:
        return Drafted(asked, file, error=mistake.text())


def _checked(each: Drafted, judge: Judge, remaining: Counts) -> CheckedTarget:
    findings = judge.findings(each.report, remaining) if each.report else ()
    return CheckedTarget(
        target=each.asked.text, file=each.file, report=each.report, findings=findings, error=each.error
    )


def _reported(drafted: Sequence[Drafted], check: Check) -> Iterator[tuple[Drafted, CheckedTarget]]:
    return ((each, target) for each, target in zip(drafted, check.targets, strict=True) if each.report is not None)


def _failing(target: CheckedTarget, judge: Judge) -> Counts:
    return Counter(fingerprint(finding.issue, judge.folder) for finding in target.findings if finding.fails)


def _kept(drafted: Sequence[Drafted], old: Baseline, *, whole: bool) -> dict[str, Counts]:
    broken = {each.asked.key for each in drafted if each.report is None}
    return {key: counts for key, counts in old.targets.items() if key in broken or not whole}


def _stale(key: str, counts: Counts) -> Iterator[Remark]:
    for entry, count in sorted(counts.items()):
        if count > 0:
            times = f"{count} × " if count > 1 else ""
            yield Remark(
                message=f"the baseline accepts {times}{_told(entry)} of {key}, which is not found any more; "
                "torchdraft check --update-baseline takes it out"
            )


def _told(entry: Fingerprint) -> str:
    where = f" in {entry.function or entry.file} (`{entry.source}`)" if entry.file else ""
    return entry.code + where
