"""Renders checks as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from torchdraft._render import paths
from torchdraft.model import Issue, Location, Severity
from torchdraft.model.check import Check, CheckedTarget, Finding, Remark, Suppression

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

LEVELS = {Severity.BAKED: "error", Severity.GUARDED: "warning", Severity.SPECIALIZED: "warning", Severity.NOTE: "note"}

FINGERPRINT = "torchdraftFinding/v1"

_ORIGIN = re.compile(r"^(?P<what>.+) at (?P<file>.+):(?P<line>\d+)$")


class DocumentedRule(Protocol):
    """What SARIF needs of a rule. A protocol, because renderers import `model` alone."""

    @property
    def code(self) -> str: ...

    @property
    def severity(self) -> Severity: ...

    def page(self) -> str:
        """The rule's documentation as Markdown."""

    def sections(self) -> dict[str, str]:
        """Title of a section → its text."""


def render_sarif(check: Check, rules: Iterable[DocumentedRule], *, version: str, docs: str = "") -> str:
    """The check as one SARIF run. `rules` provides the documentation pages of the rules that have findings.

    `docs` is the address of the folder of the rules' pages, if they are published somewhere.
    """
    descriptors = _descriptors(check, {rule.code: rule for rule in rules}, docs)
    driver = {"name": "torchdraft", "semanticVersion": version, "rules": list(descriptors.values())}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(check)],
        "results": list(_results(check, list(descriptors))),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _descriptors(check: Check, rules: dict[str, DocumentedRule], docs: str) -> dict[str, dict[str, Any]]:
    """Code → the rule as a SARIF reporting descriptor, for every code that has findings."""
    found = {finding.issue.code: finding.issue for _, finding in check.findings()}
    return {code: _descriptor(found[code], rules.get(code), docs) for code in sorted(found)}


def _descriptor(issue: Issue, rule: DocumentedRule | None, docs: str) -> dict[str, Any]:
    severity = rule.severity if rule else issue.severity
    descriptor: dict[str, Any] = {
        "id": issue.code,
        "name": issue.name,
        "helpUri": f"{docs.rstrip('/')}/{issue.code}" if docs else f"urn:torchdraft:rule:{quote(issue.code)}",
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"tags": ["torch.export"], "severity": str(severity)},
    }
    if rule is not None:
        does, matters = (" ".join(rule.sections()[title].split()) for title in ("What it does", "Why it matters"))
        page = rule.page()
        descriptor |= {
            "shortDescription": {"text": does},
            "fullDescription": {"text": f"{does} {matters}"},
            "help": {"text": page, "markdown": page},
        }
    return descriptor


def _results(check: Check, codes: Sequence[str]) -> Iterator[dict[str, Any]]:
    seen: dict[tuple[str, str], int] = {}
    for target, finding in check.findings():
        key = (target.target, finding.fingerprint)
        seen[key] = seen.get(key, 0) + 1
        yield {
            "ruleId": finding.issue.code,
            "ruleIndex": codes.index(finding.issue.code),
            "level": LEVELS[finding.issue.severity],
            "message": {"text": finding.issue.message},
            "occurrenceCount": finding.issue.occurrences,
            # The order distinguishes equal findings in one function.
            "partialFingerprints": {FINGERPRINT: f"{finding.fingerprint}:{seen[key]}"},
            "suppressions": _suppressions(finding.suppressed),
            **_baseline_state(check, finding),
            **_places(target, finding.issue),
            **_fixes(finding.issue),
            "properties": {"target": target.target, "severity": str(finding.issue.severity)},
        }


def _places(target: CheckedTarget, issue: Issue) -> dict[str, Any]:
    """The issue's location, its stack, and the origins of its symbols."""
    places: dict[str, Any] = {"locations": _own_place(target, issue)}
    flow = [{"location": place} for frame in issue.user_stack if (place := _place(frame))]
    if len(flow) > 1:
        places["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
    if origins := list(_origins(issue)):
        places["relatedLocations"] = [{"id": number, **origin} for number, origin in enumerate(origins)]
    return places


def _own_place(target: CheckedTarget, issue: Issue) -> list[dict[str, Any]]:
    """The line of the user's code, or else the target's file: code hosts refuse a result without a location."""
    place = _place(issue.own_location) if issue.own_location else None
    if place is None and target.file:
        place = {"physicalLocation": {"artifactLocation": _artifact(target.file)}}
    return [place] if place else []


def _place(location: Location) -> dict[str, Any] | None:
    if not paths.is_file_name(location.file):
        return None
    physical: dict[str, Any] = {"artifactLocation": _artifact(location.file)}
    if location.line > 0:
        physical["region"] = _region(location)
    place: dict[str, Any] = {"physicalLocation": physical}
    if location.function:
        place["logicalLocations"] = [{"fullyQualifiedName": location.function, "kind": "function"}]
    return place


def _artifact(file: str) -> dict[str, str]:
    inside = paths.relative(file) is not None
    return {"uri": paths.uri(file)} | ({"uriBaseId": "%SRCROOT%"} if inside else {})


def _region(location: Location) -> dict[str, Any]:
    """SARIF counts columns from 1, and `endColumn` is the column after the last."""
    region: dict[str, Any] = {"startLine": location.line}
    if location.column is not None and location.end_column is not None and location.end_column >= location.column:
        region |= {"startColumn": location.column + 1, "endColumn": location.end_column + 1}
    if location.source:
        region["snippet"] = {"text": location.source}
    return region


def _fixes(issue: Issue) -> dict[str, Any]:
    """The edit that writes an issue's `replacement` in the place of the marked expression."""
    at, code = issue.location, issue.replacement
    if at is None or not code or at.installed or not paths.is_file_name(at.file):
        return {}
    if at.column is None or at.end_column is None:
        return {}
    region = {name: value for name, value in _region(at).items() if name != "snippet"}
    change = {
        "artifactLocation": _artifact(at.file),
        "replacements": [{"deletedRegion": region, "insertedContent": {"text": code}}],
    }
    return {"fixes": [{"description": {"text": f"Write {code}"}, "artifactChanges": [change]}]}


def _origins(issue: Issue) -> Iterator[dict[str, Any]]:
    """The origins of the symbols, as far as they lie in files of the stack: an origin has only the base name of its
    file.
    """
    files = {frame.file.replace("\\", "/").rpartition("/")[2]: frame.file for frame in issue.user_stack}
    for symbol, origin in issue.symbols.items():
        match = _ORIGIN.match(origin)
        if match and match["file"] in files and (place := _place(Location(files[match["file"]], int(match["line"])))):
            yield {**place, "message": {"text": f"{symbol} = {match['what']}"}}


def _suppressions(suppressed: Suppression | None) -> list[dict[str, Any]]:
    """An empty list says that the result is not suppressed; in SARIF an absent property leaves this open."""
    if suppressed is None:
        return []
    found: dict[str, Any] = {"kind": "inSource" if suppressed.by == "comment" else "external", "status": "accepted"}
    if suppressed.reason:
        found["justification"] = suppressed.reason
    if suppressed.location and (place := _place(suppressed.location)):
        found["location"] = place
    return [found]


def _baseline_state(check: Check, finding: Finding) -> dict[str, str]:
    if not check.baseline:
        return {}
    accepted = finding.suppressed is not None and finding.suppressed.by == "baseline"
    return {"baselineState": "unchanged" if accepted else "new"}


def _invocation(check: Check) -> dict[str, Any]:
    """The exit status of the run, its broken targets and its warnings."""
    broken = [Remark(message=f"{each.target}: {each.error}") for each in check.targets if each.status == "broken"]
    return {
        "executionSuccessful": check.status != "broken",
        "exitCode": check.exit_code,
        "toolExecutionNotifications": [_notification(remark, "error") for remark in broken],
        "toolConfigurationNotifications": [_notification(remark, "warning") for remark in check.remarks],
    }


def _notification(remark: Remark, level: str) -> dict[str, Any]:
    notification: dict[str, Any] = {"level": level, "message": {"text": remark.message}}
    if remark.location and (place := _place(remark.location)):
        notification["locations"] = [place]
    return notification
