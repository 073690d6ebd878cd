"""Collects what the page shows of a report, as data that JSON can hold. All texts are plain; the page escapes them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torchdraft._render import words
from torchdraft._render.grouping import grouped, groups
from torchdraft._source.files import sources_of
from torchdraft.model import Branch, BrokenRung, Issue, Location, Report, Severity
from torchdraft.rules import all_rules

from .operators import custom_operators
from .origins import origin_tree
from .statements import Statements

RUNGS: Mapping[str, str] = {
    "symbolic": "traced with fake tensors and symbolic sizes",
    "island": "some submodules were recorded on the example and replayed with symbolic sizes",
    "concrete": "the whole model was recorded on the example",
    "frozen": "the program returns the results of the example",
}
"""Ways of tracing, the most general first → what each means for the program."""

ADDED: Mapping[str, str] = {
    "TD301": "Add beside the operator",
    "TD302": "Add beside the operator",
    "TD501": "Add where the program is loaded",
    "TD502": "Add where the program is loaded",
}
"""Rules whose code is added somewhere → the heading that the page puts above it."""


class Content:
    """What the page of one report shows."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.places = _Places(report)
        self.numbers = {id(issue): number for number, issue in enumerate(report.issues)}

    def data(self) -> dict[str, Any]:
        """The content of the page."""
        report = self.report
        issues = [self._issue(issue) for issue in report.issues]
        listing = self._listing()
        return {
            "model": report.model or "model",
            "summary": words.summary(report),
            "sound": report.successful(),
            "cost": words.cost(report),
            "rung": report.rung,
            "rungs": [{"name": name, "meaning": meaning} for name, meaning in RUNGS.items()],
            "broken": [{"rung": each.rung, "text": words.broken_rung(each)} for each in report.rungs],
            "stats": _stats(report),
            "phases": [[name, seconds] for name, seconds in report.stats.seconds.items()],
            "versions": dict(report.versions),
            "severities": [{"name": str(each), "meaning": each.meaning} for each in reversed(Severity)],
            "issues": issues,
            "groups": self._groups(),
            "rules": _rules(report),
            "dimensions": [
                {"name": each.name, "asked": each.asked, "got": each.got, "reason": each.reason}
                for each in report.dimensions
            ],
            "branches": [self._branch(each) for each in report.paths],
            "operators": custom_operators(report),
            "listing": listing,
            "frames": self.places.frames,
            "files": self.places.files(),
        }

    def _groups(self) -> list[dict[str, Any]]:
        """The causes: the members' numbers, and what is shown of all of them together."""
        found = []
        for members, shown in zip(groups(self.report.issues), grouped(self.report.issues), strict=True):
            found.append(
                {
                    "id": _identifier(shown),
                    "members": [self.numbers[id(issue)] for issue in members],
                    "times": shown.occurrences,
                    "modules": list(shown.modules),
                }
            )
        return _with_distinct_ids(found)

    def _issue(self, issue: Issue) -> dict[str, Any]:
        stack = issue.user_stack or ((issue.location,) if issue.location else ())
        return {
            "code": issue.code,
            "name": issue.name,
            "severity": str(issue.severity),
            "message": issue.message,
            "at": self.places.frame(issue.location),
            "own": self.places.frame(issue.own_location),
            "stack": [self.places.frame(frame) for frame in stack],
            "expr": issue.expr,
            "value": issue.value,
            "symbols": [self._symbol(name, origin, issue) for name, origin in issue.symbols.items()],
            "tree": origin_tree(issue, self.report),
            "locals": [[name, text] for name, text in issue.locals.items()],
            "times": issue.occurrences,
            "node": issue.node,
            "modules": list(issue.modules),
            "instances": [[each.get("expr", ""), each.get("value", "")] for each in issue.data.get("instances") or ()],
            "write": [{"title": title, "text": text} for title, text in _to_write(issue)],
        }

    def _symbol(self, name: str, origin: str, issue: Issue) -> dict[str, Any]:
        """A symbol, its origin, and the frame of its line where a frame of the issue has the file."""
        what, _, where = origin.rpartition(" at ")
        file, _, line = where.rpartition(":")
        files = {os.path.basename(frame.file): frame.file for frame in issue.user_stack}
        found = (
            self.places.frame(Location(files[file], int(line))) if what and file in files and line.isdigit() else None
        )
        return {"name": name, "origin": origin, "frame": found}

    def _branch(self, branch: Branch) -> dict[str, Any]:
        return {"cells": list(words.branch(branch)), "kept": branch.kept, "frame": self.places.frame(branch.location)}

    def _listing(self) -> dict[str, Any] | None:
        """The nodes, column by column: a page of ten thousand of them has each key once."""
        listing = self.report.listing
        if listing is None:
            return None
        places = [self.places.frame(Location(each.file, each.line, each.function)) for each in listing.places]
        columns = ("name", "target", "kind", "code", "inputs", "value", "module", "graph", "issues")
        return {
            **{column: [getattr(node, column) for node in listing.nodes] for column in columns},
            "frame": [None if node.place is None else places[node.place] for node in listing.nodes],
            "modules": dict(listing.modules),
            "ranges": dict(listing.ranges),
        }


class _Places:
    """The frames that the page names, and their files."""

    def __init__(self, report: Report) -> None:
        self.frames: list[dict[str, Any]] = []
        self._numbers: dict[Location, int] = {}
        self._files: dict[str, int] = {}
        self._texts = _texts(report)
        self._statements: dict[str, Statements] = {}

    def frame(self, at: Location | None) -> int | None:
        """The number of a frame in `frames`."""
        if at is None:
            return None
        if at not in self._numbers:
            self._numbers[at] = len(self.frames)
            first, last = self._statement(at)
            self.frames.append(
                {
                    "file": self._files.setdefault(at.file, len(self._files)),
                    "line": at.line,
                    "function": at.function,
                    "source": at.source,
                    "column": at.column,
                    "end": at.end_column,
                    "first": first,
                    "last": last,
                }
            )
        return self._numbers[at]

    def files(self) -> list[dict[str, Any]]:
        """The files of the frames, with their texts as far as they are known."""
        return [
            {
                "path": os.path.abspath(file) if not file.startswith("<") else file,
                "name": words.short_path(file),
                "text": self._texts.get(file),
            }
            for file in self._files
        ]

    def _statement(self, at: Location) -> tuple[int, int]:
        if at.file not in self._texts:
            return at.line, at.line
        if at.file not in self._statements:
            self._statements[at.file] = Statements(self._texts[at.file])
        return self._statements[at.file].around(at.line)


def _texts(report: Report) -> Mapping[str, str]:
    """The source files that the report holds, or those on the disk that have not changed since."""
    if report.listing is None:
        return sources_of([*_frames(report)])
    return report.listing.sources or sources_of([*_frames(report)], [place.file for place in report.listing.places])


def _frames(report: Report) -> Iterator[Location]:
    for issue in report.issues:
        yield from issue.user_stack
        if issue.location is not None:
            yield issue.location
    branches: list[Branch | BrokenRung] = [*report.paths, *report.rungs]
    yield from (each.location for each in branches if each.location is not None)


def _to_write(issue: Issue) -> Iterator[tuple[str, str]]:
    """The code that mends an issue, each piece with its heading."""
    if issue.code_to_write:
        yield ADDED.get(issue.code, "Write instead"), issue.code_to_write
    if fix := issue.data.get("fix"):
        yield "dynamic_shapes that the program accepts", str(fix)


def _identifier(issue: Issue) -> str:
    """What the address of an issue says: its code, file and line."""
    at = issue.own_location
    where = f"-{os.path.basename(at.file)}-{at.line}" if at is not None else ""
    return f"{issue.code}{where}"


def _with_distinct_ids(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for group in found:
        seen[group["id"]] += 1
        if seen[group["id"]] > 1:
            group["id"] = f"{group['id']}-{seen[group['id']]}"
    return found


def _rules(report: Report) -> dict[str, Any]:
    """Code → name and sections of the page of each rule that has issues."""
    codes = {issue.code for issue in report.issues}
    return {
        rule.code: {"name": rule.name, "severity": str(rule.severity), "sections": rule.sections()}
        for rule in all_rules()
        if rule.code in codes
    }


def _stats(report: Report) -> Sequence[tuple[str, str]]:
    stats = report.stats
    found = [("operations traced", str(stats.ops_traced)), ("computed for real", str(stats.ops_evaluated))]
    if stats.real_bytes_peak:
        found.append(("real values held at most", words.size(stats.real_bytes_peak)))
    return found
