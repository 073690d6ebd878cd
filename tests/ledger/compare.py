"""Compares the issues of a report with the expected ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torchdraft
from torchdraft import Issue, Report, Severity

from .expected import Expected, expected, place
from .registry import Model, Section


@dataclass(frozen=True, slots=True)
class Reported:
    """The compared part of an issue. `line` is a number inside the model's section, `file:line` elsewhere."""

    code: str
    line: int | str | None
    severity: Severity
    count: int

    def __str__(self) -> str:
        return f"{self.code} {self.severity} x{self.count}" + place(self.line)


@dataclass(slots=True)
class Difference:
    """The result for one model. A hit is an expected issue and the reported one with the same code and line."""

    model: str
    hits: list[tuple[Expected, Reported]] = field(default_factory=list)
    missed: list[Expected] = field(default_factory=list)
    extra: list[Reported] = field(default_factory=list)

    @property
    def inexact(self) -> list[str]:
        """Hits whose severity or count differs."""
        return [
            f"{want}, reported as {found}"
            for want, found in self.hits
            if found.severity is not want.severity or want.count not in {None, found.count}
        ]

    @property
    def exact(self) -> bool:
        """True if the report contains exactly the expected issues."""
        return not (self.missed or self.extra or self.inexact)

    def __str__(self) -> str:
        lines = [f"missed: {want}" for want in self.missed]
        lines += [f"not expected: {found}" for found in self.extra]
        lines += [f"inexact: {text}" for text in self.inexact]
        return "\n".join(lines)


def reported(issue: Issue, section: Section) -> Reported:
    """The compared part of the issue."""
    line: int | str | None = None
    if issue.location is not None:
        file, number = Path(issue.location.file), issue.location.line
        own = file == section.file and section.first <= number <= section.last
        line = number if own else f"{file.name}:{number}"
    return Reported(issue.code, line, issue.severity, issue.occurrences)


def draft(model: Model) -> Report:
    """The report of the model."""
    made = (*model.build(), {}, None)  # the defaults of what `build` leaves out
    module, args = made[:2]
    kwargs, shapes = (made[2], made[3]) if len(made) > 4 else (made[2], None)
    exported = torchdraft.draft_export(module, args, kwargs, dynamic_shapes=shapes, **model.options)
    report: Report = exported._report
    return report


def compare(name: str, section: Section, issues: Iterable[Issue]) -> Difference:
    """Matches the issues with the expected ones of the section."""
    remaining = [reported(issue, section) for issue in issues]
    difference = Difference(name)
    for want in sorted(expected(section), key=lambda want: want.count is None):  # those with a count choose first
        same = [found for found in remaining if (found.code, found.line) == (want.code, want.line)]
        if not same:
            difference.missed.append(want)
            continue
        best = max(same, key=lambda found: (found.severity is want.severity, found.count == want.count))
        remaining.remove(best)
        difference.hits.append((want, best))
    difference.extra = remaining
    return difference
