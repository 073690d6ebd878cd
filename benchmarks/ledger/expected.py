"""Reads from a model's file what its report has to hold."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from torchdraft import Severity
from torchdraft.rules import rule_named

FOLDER = Path(__file__).parent / "models"

_MARK = re.compile(r"# expect( without a line)?: (?P<list>.+)$")
_ENTRY = re.compile(r"(?P<code>TD\d{3})(?: (?P<severity>note|specialized|guarded|baked))?(?: x(?P<count>\d+))?")


@dataclass(frozen=True, slots=True)
class Expected:
    """One issue that a report has to hold. `line` is None for what belongs to no line, `count` where any will do."""

    code: str
    line: int | None
    severity: Severity
    count: int | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.severity}" + (f" x{self.count}" if self.count else "") + place(self.line)


def place(line: int | str | None) -> str:
    """A line in words."""
    if line is None:
        return " without a line"
    return f" at line {line}" if isinstance(line, int) else f" at {line}"


def names() -> list[str]:
    """Every model, by the name of its file."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def load(name: str) -> ModuleType:
    """The file of that model, run."""
    return importlib.import_module(f"{__package__}.models.{name}")


def expected(name: str) -> list[Expected]:
    """What the comments of that model's file say."""
    found: list[Expected] = []
    for number, text in enumerate((FOLDER / f"{name}.py").read_text().splitlines(), 1):
        if "# expect" in text:
            found += _read(text, number)
    return found


def _read(text: str, number: int) -> list[Expected]:
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
