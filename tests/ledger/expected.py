"""Parses the `# expect` comments of a model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from torchdraft import Severity
from torchdraft.rules import rule_named

from .registry import Section

_MARK = re.compile(r"# expect( without a line)?: (?P<list>.+)$")
_ENTRY = re.compile(r"(?P<code>TD\d{3})(?: (?P<severity>note|specialized|guarded|baked))?(?: x(?P<count>\d+))?")


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected issue. `line` is None for an issue without a location, `count` is None if any count is right."""

    code: str
    line: int | None
    severity: Severity
    count: int | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.severity}" + (f" x{self.count}" if self.count else "") + place(self.line)


def place(line: int | str | None) -> str:
    """The location as it appears in messages."""
    if line is None:
        return " without a line"
    return f" at line {line}" if isinstance(line, int) else f" at {line}"


def expected(section: Section) -> list[Expected]:
    """The issues that the comments of the section list, in the order of the lines."""
    return [entry for number, text in section.lines() if "# expect" in text for entry in _parse(text, number)]


def _parse(text: str, number: int) -> list[Expected]:
    mark = _MARK.search(text)
    entries = [_ENTRY.fullmatch(entry.strip()) for entry in mark["list"].split(",")] if mark else []
    if mark is None or not all(entries):
        raise ValueError(f"not a list of codes: {text.strip()}")
    return [_entry(entry, None if mark[1] else number) for entry in entries if entry]


def _entry(entry: re.Match[str], line: int | None) -> Expected:
    rule = rule_named(entry["code"])
    if rule is None:
        raise ValueError(f"there is no rule {entry['code']}")
    severity = Severity(entry["severity"]) if entry["severity"] else rule.severity
    return Expected(rule.code, line, severity, int(entry["count"]) if entry["count"] else None)
