"""Renders checks as a GitLab code quality report: findings that fail and broken targets."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from torchdraft._render import paths
from torchdraft.model import Location, Severity
from torchdraft.model.check import Check, CheckedTarget

SEVERITIES = {
    Severity.BAKED: "critical",
    Severity.GUARDED: "major",
    Severity.SPECIALIZED: "minor",
    Severity.NOTE: "info",
}


def render_gitlab(check: Check) -> str:
    """The report as a JSON array, to which GitLab compares that of the target branch by fingerprints."""
    return json.dumps(list(_entries(check)), indent=2)


def _entries(check: Check) -> Iterator[dict[str, Any]]:
    seen: Counter[tuple[str, str]] = Counter()
    for target in check.targets:
        if target.status == "broken":
            yield _entry("broken", target.error, "blocker", _fingerprint(target.target, "broken"), None, target)
        for finding in target.findings:
            if finding.fails:
                key = target.target, finding.fingerprint
                seen[key] += 1  # GitLab drops a second entry with the same fingerprint
                print_ = _fingerprint(*key, str(seen[key]))
                issue = finding.issue
                severity = SEVERITIES[issue.severity]
                yield _entry(issue.code, issue.message, severity, print_, issue.own_location, target)


def _entry(
    name: str, description: str, severity: str, fingerprint: str, location: Location | None, target: CheckedTarget
) -> dict[str, Any]:
    known = location is not None and paths.is_file_name(location.file)
    file = location.file if known and location is not None else target.file
    return {
        "check_name": name,
        "description": f"{name} {description} ({target.target})",
        "severity": severity,
        "fingerprint": fingerprint,
        "location": {
            "path": paths.shown(file) if file else target.target.rpartition(":")[0],
            "lines": {"begin": max(location.line, 1) if known and location is not None else 1},
        },
    }


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]
