"""Renders checks as workflow commands, which GitHub Actions shows as annotations."""

from __future__ import annotations

from collections.abc import Iterator

from torchdraft._render import paths, words
from torchdraft.model import Issue, Location, Severity
from torchdraft.model.check import Check, CheckedTarget, Finding

LEVELS = {
    Severity.BAKED: "error",
    Severity.GUARDED: "warning",
    Severity.SPECIALIZED: "warning",
    Severity.NOTE: "notice",
}


def render_github(check: Check) -> str:
    """One command per line: broken targets, findings that are not suppressed, remarks."""
    return "".join(f"{line}\n" for line in _commands(check))


def _commands(check: Check) -> Iterator[str]:
    for target in check.targets:
        if target.status == "broken":
            yield _command("error", f"torchdraft: {target.target}", target.error)
    # GitHub shows ten annotations of a level, so findings that fail the check come first.
    shown = [(target, finding) for target, finding in check.findings() if finding.suppressed is None]
    for target, finding in sorted(shown, key=lambda each: (not each[1].fails, -each[1].issue.severity.rank)):
        yield _annotation(target, finding)
    for remark in check.remarks:
        yield _command("warning", "torchdraft", remark.message, remark.location)


def _annotation(target: CheckedTarget, finding: Finding) -> str:
    issue = finding.issue
    title = f"{issue.code} {issue.name}"
    return _command(LEVELS[issue.severity], title, _message(target, issue), issue.own_location)


def _message(target: CheckedTarget, issue: Issue) -> str:
    """The message, with facts that have no field: the line in an installed package, the count, the target."""
    lines = [issue.message]
    if issue.location and issue.location != issue.own_location:
        lines.append(f"at {words.place(issue.location)}: {issue.location.source.strip()}".rstrip(": "))
    lines += [f"{label} {text}" for label, text in words.facts(issue)]
    if more := words.repetitions(issue):
        lines.append(more)
    return "\n".join([*lines, f"severity {issue.severity}, target {target.target}"])


def _command(level: str, title: str, message: str, location: Location | None = None) -> str:
    fields = {**_position(location), "title": title}
    text = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items())
    return f"::{level} {text}::{_data(message)}"


def _position(location: Location | None) -> dict[str, str | int]:
    """The fields of a location. Columns count from 1, and the end column is the last one that is marked."""
    if location is None or not paths.is_file_name(location.file):
        return {}
    position: dict[str, str | int] = {"file": paths.shown(location.file)}
    if location.line > 0:
        position["line"] = location.line
        if location.column is not None and location.end_column is not None and location.end_column > location.column:
            position |= {"col": location.column + 1, "endColumn": location.end_column}
    return position


def _data(text: str) -> str:
    """Escape a message: a command is one line, and a percent sign starts an escape."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape the value of a property, which a colon or a comma would end."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
