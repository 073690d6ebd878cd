"""Puts a report beside what was expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torchdraft
from torchdraft import Issue, Report, Severity

from .expected import FOLDER, Expected, expected, load, place


@dataclass(frozen=True, slots=True)
class Told:
    """One issue of a report, cut down to what is compared. `line` is a text where the issue names another file."""

    code: str
    line: int | str | None
    severity: Severity
    count: int

    def __str__(self) -> str:
        return f"{self.code} {self.severity} x{self.count}" + place(self.line)


@dataclass(slots=True)
class Difference:
    """What of one model's list was found, and what was not. A hit has the code and the line."""

    model: str
    hits: list[tuple[Expected, Told]] = field(default_factory=list)
    missed: list[Expected] = field(default_factory=list)
    extra: list[Told] = field(default_factory=list)

    @property
    def inexact(self) -> list[str]:
        """Hits whose severity or count is another one."""
        return [
            f"{want}, told as {told}"
            for want, told in self.hits
            if told.severity is not want.severity or want.count not in {None, told.count}
        ]

    @property
    def exact(self) -> bool:
        """Whether the report says what was expected and nothing else."""
        return not (self.missed or self.extra or self.inexact)

    def __str__(self) -> str:
        lines = [f"missed: {want}" for want in self.missed]
        lines += [f"not expected: {told}" for told in self.extra]
        lines += [f"inexact: {text}" for text in self.inexact]
        return "\n".join(lines)


def told(issue: Issue, file: Path) -> Told:
    """What of the issue is compared."""
    line: int | str | None = None
    if issue.location is not None:
        own = Path(issue.location.file) == file
        line = issue.location.line if own else f"{Path(issue.location.file).name}:{issue.location.line}"
    return Told(issue.code, line, issue.severity, issue.occurrences)


def draft(name: str) -> Report:
    """The report of that model."""
    module = load(name)
    made = (*module.build(), {}, None)  # what `build` leaves out
    model, args = made[:2]
    kwargs, shapes = (made[2], made[3]) if len(made) > 4 else (made[2], None)
    options = getattr(module, "OPTIONS", {})
    report: Report = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=shapes, **options)._report
    return report


def compare(name: str, issues: Iterable[Issue]) -> Difference:
    """The issues beside that model's list."""
    found = [told(issue, FOLDER / f"{name}.py") for issue in issues]
    difference = Difference(name)
    for want in sorted(expected(name), key=lambda want: want.count is None):  # the pickier ones choose first
        same = [told for told in found if (told.code, told.line) == (want.code, want.line)]
        if not same:
            difference.missed.append(want)
            continue
        best = max(same, key=lambda told: (told.severity is want.severity, told.count == want.count))
        found.remove(best)
        difference.hits.append((want, best))
    difference.extra = found
    return difference
