"""Drafts every target, judges the reports, and compares the findings with the baseline."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from torchdraft._targets.drafting import draft
from torchdraft._targets.target import Target, load_target
from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Report
from torchdraft.model.check import Check, CheckedTarget, Remark

from .baseline import Baseline, Counts
from .fingerprint import Fingerprint, fingerprint
from .judge import Judge
from .shipped import report_in
from .targets import RequestedTarget

Progress = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Drafted:
    """One target after its draft, before its issues are judged."""

    target: RequestedTarget
    file: str = ""
    report: Report | None = None
    error: str = ""


def draft_all(
    targets: Iterable[RequestedTarget],
    progress: Progress,
    *,
    paths: Literal["example", "all"] = "example",
    check_kernels: Literal["custom", "all", "none"] = "custom",
    runtime: str | None = None,
) -> list[Drafted]:
    """Draft every target, also broken ones. Output that the models print goes to standard error.

    With a `runtime`, each program is shipped there, and the report is that of the shipped program.
    """
    drafting = partial(draft, paths=paths, check_kernels=check_kernels)
    with contextlib.redirect_stdout(sys.stderr):
        return [_drafted(target, progress, drafting, runtime) for target in targets]


def judged(
    drafted: Sequence[Drafted], judge: Judge, baseline: Baseline | None, *, whole: bool, subset: bool = False
) -> Check:
    """The check. `whole`: these are all targets of the project, so that other targets of the baseline are stale.
    `subset`: the project has further targets, which may need a comment that matches no issue of these. Of rules that
    the call leaves out, neither stale entries nor unused comments are reported.
    """
    remaining = {each.target.key: baseline.accepted(each.target.key) if baseline else Counter() for each in drafted}
    targets = tuple(_checked(each, judge, remaining[each.target.key]) for each in drafted)
    broken = {each.target.key for each in drafted if each.report is None}
    if baseline and whole:
        remaining = {key: baseline.accepted(key) for key in baseline.targets} | remaining
    complete = judge.select is None and not judge.allow
    stale = [remark for key in sorted(remaining.keys() - broken) for remark in _stale(key, remaining[key])]
    comments = judge.comments.remarks(unused=complete and not subset)
    return Check(targets=targets, fail_on=judge.fail_on, remarks=(*comments, *(stale if complete else ())))


def accepting(drafted: Sequence[Drafted], check: Check, judge: Judge, old: Baseline, *, whole: bool) -> Baseline:
    """A baseline of all failing findings. Broken targets and targets that were not requested keep their entries."""
    now = {each.target.key: _failing(target, judge) for each, target in _reported(drafted, check)}
    return Baseline(_unchanged(drafted, old, whole=whole) | now)


def narrowed(drafted: Sequence[Drafted], judge: Judge, old: Baseline, *, whole: bool) -> Baseline:
    """The baseline without findings that no longer occur. Accepts nothing new."""
    now = {}
    for each in drafted:
        if each.report is not None:
            remaining = old.accepted(each.target.key)
            judge.findings(each.report, remaining)
            now[each.target.key] = old.accepted(each.target.key) - remaining
    return Baseline(_unchanged(drafted, old, whole=whole) | now)


def _drafted(
    target: RequestedTarget, progress: Progress, drafting: Callable[[Target], Any], runtime: str | None
) -> Drafted:
    file = ""
    try:
        with progress(f"loading {target.text}"):
            found = load_target(target.text, target.folder)
            file = found.file
        with progress(f"drafting {target.text}"):
            program = drafting(found)
        # Without the graph of its program: a check keeps the reports of all targets.
        if runtime is None:
            return Drafted(target, file, replace(program._report, list_nodes=None))
        with progress(f"shipping {target.text} to {runtime}"):
            return Drafted(target, file, replace(report_in(runtime, program, found.model), list_nodes=None))
    except UsageError as error:
        return Drafted(target, file, error=error.text())


def _checked(each: Drafted, judge: Judge, remaining: Counts) -> CheckedTarget:
    findings = judge.findings(each.report, remaining) if each.report else ()
    return CheckedTarget(
        target=each.target.text, file=each.file, report=each.report, findings=findings, error=each.error
    )


def _reported(drafted: Sequence[Drafted], check: Check) -> Iterator[tuple[Drafted, CheckedTarget]]:
    return ((each, target) for each, target in zip(drafted, check.targets, strict=True) if each.report is not None)


def _failing(target: CheckedTarget, judge: Judge) -> Counts:
    return Counter(fingerprint(finding.issue, judge.folder) for finding in target.findings if finding.fails)


def _unchanged(drafted: Sequence[Drafted], old: Baseline, *, whole: bool) -> dict[str, Counts]:
    broken = {each.target.key for each in drafted if each.report is None}
    return {key: counts for key, counts in old.targets.items() if key in broken or not whole}


def _stale(key: str, counts: Counts) -> Iterator[Remark]:
    for entry, count in sorted(counts.items()):
        if count > 0:
            times = f"{count} × " if count > 1 else ""
            yield Remark(
                message=f"the baseline accepts {times}{_described(entry)} of {key}, which is not found any more; "
                "torchdraft check --update-baseline takes it out"
            )


def _described(entry: Fingerprint) -> str:
    where = f" in {entry.function or entry.file} (`{entry.source}`)" if entry.file else ""
    return entry.code + where
