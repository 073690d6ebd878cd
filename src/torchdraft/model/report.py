"""The report: every assumption of one draft, and what the draft cost."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from torchdraft._render.json import document

from .issue import Issue
from .location import Location
from .severity import Severity
from .torch_view import FailureReport, failures_of, intern_filenames

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

RungName = Literal["symbolic", "island", "concrete", "frozen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What the draft cost."""

    ops_traced: int = 0
    ops_evaluated: int = 0
    """How many of them were computed for real."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Phase (`prepare`, `trace`, `eager`, `check`) → seconds. `eager`, the model's own run, is part of the phase that
    asked for it."""
    real_bytes_peak: int = 0
    """The most bytes of computed real values held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRung:
    """A rung of the ladder that did not serve, and why."""

    rung: RungName
    reason: str
    """The exception, `TypeError: …`."""
    module: str = ""
    """Dotted name of the submodule that broke it; empty for the root."""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """What became of one dimension that the caller declared dynamic."""

    name: str
    """In the caller's terms: `x.shape[0]`."""
    asked: str
    got: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """Everything that stands between the model and a sound export. `print(report)` reads it aloud."""

    issues: tuple[Issue, ...] = ()
    """Worst severity first, then in the order they happened."""
    rung: RungName = "symbolic"
    rungs: tuple[BrokenRung, ...] = ()
    """The rungs above `rung`, and why each did not serve."""
    dimensions: tuple[Dimension, ...] = ()
    stats: Stats = field(default_factory=Stats)
    model: str = ""
    """The model's class name."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Package → version the draft was made with."""
    op_profiles: Mapping[str, Set[Any]] = field(default_factory=dict)
    """Operator → its profiles, for `unsafe_generate_fake_kernels` and `save_op_profiles`. A report read from JSON has
    each profile's text here: JSON is for reading, YAML and `.pt2` carry profiles."""
    expressions_created: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """torch's table of symbolic expressions, number → how it was made, of those in issues' conditions. An issue's
    `data["expr_node_id"]` is the number of its own; file names stand as they are."""
    new_dynamic_shapes: Any = field(default=None, compare=False)
    """The `dynamic_shapes` that hold, where the caller's did not. Not part of the JSON."""

    def successful(self) -> bool:
        """True when no issue is above `note`: the program is as sound as that of `torch.export.export`."""
        return all(issue.severity <= Severity.NOTE for issue in self.issues)

    def summary(self) -> str:
        """The report in one line."""
        from torchdraft._render.words import summary

        return summary(self)

    def counts(self) -> dict[Severity, int]:
        """How many issues of each severity there are, worst first, zeros left out."""
        found = [issue.severity for issue in self.issues]
        return {severity: found.count(severity) for severity in reversed(Severity) if severity in found}

    @cached_property
    def str_to_filename(self) -> dict[int, str]:
        """torch's name for its table of interned file names: number → file."""
        return intern_filenames(self.issues)

    @cached_property
    def failures(self) -> list[FailureReport]:
        """The issues as `torch.export.draft_export` tells them; empty exactly when `successful()`."""
        return failures_of(self.issues, self.str_to_filename, self.new_dynamic_shapes)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The report as JSON text; see `from_json`."""
        return document.to_json(self, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read what `to_json` of this or an earlier version wrote.

        Raises `ReportFormatError` where the text is something else.
        """
        return document.from_json(text)

    def to_html(self) -> str:
        """The report as one self-contained HTML page."""
        from torchdraft._render.html import render_html

        return render_html(self)

    def __repr__(self) -> str:
        found = ", ".join(f"{count} {severity}" for severity, count in self.counts().items()) or "no issues"
        return f"<Report {self.model or 'model'}: {found}; rung {self.rung}>"

    def __str__(self) -> str:
        from torchdraft._render.text import render_text

        return render_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from torchdraft._render.terminal import render_report

        yield from render_report(self)
