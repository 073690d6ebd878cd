"""Writes checks as versioned JSON; the classes define the layout of the document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from torchdraft.model.check import Check, CheckedTarget, FailOn, Finding, Remark, Status
from torchdraft.model.report import BrokenRung, Dimension, Report, RungName, Stats

FORMAT: Literal["torchdraft-check"] = "torchdraft-check"
VERSION: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHead:
    """A report without its issues, which are in the findings."""

    model: str
    rung: RungName
    rungs: tuple[BrokenRung, ...]
    dimensions: tuple[Dimension, ...]
    stats: Stats
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDocument:
    """The result of one target."""

    target: str
    file: str
    """The file from which it was imported; empty if there is none."""
    status: Status
    error: str
    """Why the target is broken; empty if it is not."""
    findings: tuple[Finding, ...]
    """Every issue of the report, in the same order. Suppressed ones have what suppresses them, and why."""
    report: ReportHead | None
    """None if the target is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDocument:
    """The document that `torchdraft check --format json` prints."""

    format: Literal["torchdraft-check"]
    version: Literal[1]
    status: Status
    """The worst status of the targets: the exit status is 0 for clean, 1 for findings, 2 for broken."""
    fail_on: FailOn
    baseline: str
    """The file name of the baseline that findings were compared with; empty if there was none."""
    targets: tuple[TargetDocument, ...]
    remarks: tuple[Remark, ...]


def to_json(check: Check) -> str:
    """The check as JSON text."""
    document = CheckDocument(
        format=FORMAT,
        version=VERSION,
        status=check.status,
        fail_on=check.fail_on,
        baseline=check.baseline,
        targets=tuple(map(_target, check.targets)),
        remarks=check.remarks,
    )
    return json.dumps(msgspec.to_builtins(document, str_keys=True, enc_hook=str), indent=2)


def _target(target: CheckedTarget) -> TargetDocument:
    return TargetDocument(
        target=target.target,
        file=target.file,
        status=target.status,
        error=target.error,
        findings=target.findings,
        report=_head(target.report) if target.report else None,
    )


def _head(report: Report) -> ReportHead:
    return ReportHead(
        model=report.model,
        rung=report.rung,
        rungs=report.rungs,
        dimensions=report.dimensions,
        stats=report.stats,
        versions=report.versions,
    )
