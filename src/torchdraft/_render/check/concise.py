"""Renders checks with one line for each finding that fails: `path:line:col: CODE message`, as editors parse it."""

from __future__ import annotations

from collections.abc import Iterator

from torchdraft._render import paths
from torchdraft.model import Location
from torchdraft.model.check import Check, CheckedTarget

from .text import result


def render_concise(check: Check) -> str:
    """Findings that fail, broken targets and warnings, one line each; the result in the last line."""
    return "".join(f"{line}\n" for line in _lines(check))


def _lines(check: Check) -> Iterator[str]:
    for target in check.targets:
        if target.status == "broken":
            yield _line(None, target, f"broken: {target.error}")
        for finding in target.findings:
            if finding.fails:
                yield _line(finding.issue.own_location, target, f"{finding.issue.code} {finding.issue.message}")
    for remark in check.remarks:
        yield _line(remark.location, None, f"warning: {remark.message}")
    yield result(check)


def _line(location: Location | None, target: CheckedTarget | None, message: str) -> str:
    """One line. Where no line of a file is known, it starts with the target."""
    where = place(location) or (target.target if target is not None else "")
    return " ".join(f"{where}: {message}".removeprefix(": ").split())


def place(location: Location | None) -> str:
    """`path:line:col`, with a column that counts from 1; empty where no line is known."""
    if location is None or not paths.is_file_name(location.file) or location.line < 1:
        return ""
    return f"{paths.shown(location.file)}:{location.line}:{(location.column or 0) + 1}"
