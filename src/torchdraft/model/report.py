"""The report of one draft: every assumption it made, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .issue import Issue
from .listing import Listing
from .location import Location
from .presenters import DocumentPresenter, presenter_of
from .severity import Severity
from .torch_view import FailureReport, failures_of, intern_filenames

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

RungName = Literal["symbolic", "island", "concrete", "frozen"]


class PagePresenter(Protocol):
    """Renders a report for other programs than a terminal."""

    def to_html(self, report: Report) -> str:
        """One self-contained page."""

    def notebook(self, report: Report) -> str:
        """HTML for the output of a notebook's cell."""

    def to_tlparse(self, report: Report, path: Path) -> Path:
        """Write a trace log; returns its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What the draft cost."""

    ops_traced: int = 0
    ops_evaluated: int = 0
    """How many of them were evaluated on real values."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Phase (`prepare`, `trace`, `eager`, `check`) → seconds. `eager`, the model's own run, is also
    counted in the phase that started it."""
    real_bytes_peak: int = 0
    """The most bytes of evaluated real values held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRung:
    """A rung of the ladder that produced no program, and why."""

    rung: RungName
    reason: str
    """The exception, `TypeError: …`."""
    module: str = ""
    """Dotted name of the submodule that broke it; empty for the root."""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One dimension that the caller declared dynamic: what was requested, and what the program accepts."""

    name: str
    """In the caller's terms: `x.shape[0]`."""
    asked: str
    got: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch of the model in a draft with `paths="all"`."""

    condition: str
    """In the terms of the model's code."""
    on_example: bool
    """What the condition is on the example, or on the path around it where the example does not reach it."""
    kept: bool
    """Whether both sides are in the program."""
    reason: str = ""
    """Why one side alone is in the program, which asserts the condition."""
    operations: tuple[int, int] = (0, 0)
    """Operations of the side that the example takes, and of the other one; of a loop those of one turn, and 0."""
    loop: bool = False
    """Whether it ends a loop that is in the program as `torch.while_loop`, with any number of turns. Any other loop is
    unrolled, with a branch for each turn.
    """
    module: str = ""
    """Dotted name of the submodule whose code branches."""
    location: Location | None = None
    seen_equal: tuple[int, int] | None = None
    """On how many inputs of the last `verify` the program took the side of the example, and the other one, of branches
    on this line, and equalled the model. None before.
    """


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """Every assumption that the draft made. `print(report)` prints it as text."""

    issues: tuple[Issue, ...] = ()
    """Worst severity first, then in the order they happened."""
    rung: RungName = "symbolic"
    rungs: tuple[BrokenRung, ...] = ()
    """The rungs above `rung`, and why each produced no program."""
    dimensions: tuple[Dimension, ...] = ()
    paths: tuple[Branch, ...] = ()
    """The branches of a draft with `paths="all"`."""
    stats: Stats = field(default_factory=Stats)
    model: str = ""
    """The model's class name."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Package → the version that made the draft."""
    op_profiles: Mapping[str, Set[Any]] = field(default_factory=dict)
    """Operator → its profiles, for `unsafe_generate_fake_kernels` and `save_op_profiles`. In JSON a profile is an
    object; files of early versions have its text."""
    expressions_created: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """torch's table of symbolic expressions, limited to those in the conditions of issues: number → how the expression
    was made. `data["expr_node_id"]` of an issue is its number. File names are not interned."""
    new_dynamic_shapes: Any = field(default=None, compare=False)
    """The `dynamic_shapes` that the program accepts, if the caller's did not hold. Not part of the JSON."""
    listing: Listing | None = field(default=None, compare=False)
    """The nodes of the program, if they were listed; see `listed`."""
    list_nodes: Any = field(default=None, compare=False)
    """A function that lists the nodes of the program for these issues. Not part of the JSON."""

    def successful(self) -> bool:
        """True if no issue is above `note`: the program is as sound as one of `torch.export.export`."""
        return all(issue.severity <= Severity.NOTE for issue in self.issues)

    def summary(self) -> str:
        """The report in one line."""
        return self._presenter().summary(self)

    def counts(self) -> dict[Severity, int]:
        """How many issues of each severity there are, worst first, without zeros."""
        found = [issue.severity for issue in self.issues]
        return {severity: found.count(severity) for severity in reversed(Severity) if severity in found}

    @cached_property
    def str_to_filename(self) -> dict[int, str]:
        """torch's name for its table of interned file names: number → file."""
        return intern_filenames(self.issues)

    @cached_property
    def failures(self) -> list[FailureReport]:
        """The issues in the form of `torch.export.draft_export`; empty exactly if `successful()`."""
        return failures_of(self.issues, self.str_to_filename, self.new_dynamic_shapes)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The report as JSON text; see `from_json`."""
        return self._presenter().to_json(self, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read JSON text that `to_json` of this or an earlier version wrote.

        Raises `ReportFormatError` for any other text.
        """
        return cls._presenter().from_json(text)

    def listed(self) -> Report:
        """The report with the nodes of its program and the files of its lines, which its JSON then holds too.

        It is the same report if they are unknown: it was read from JSON without them.
        """
        if self.listing is not None or self.list_nodes is None:
            return self
        return replace(self, listing=self.list_nodes(self.issues))

    def to_html(self, path: str | Path | None = None) -> str:
        """The report as one HTML page that loads nothing: issues, source, graph. `path`: also write it there."""
        page = _pages().to_html(self.listed())
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def to_tlparse(self, path: str | Path) -> Path:
        """Write a trace log to a new or empty folder, or to a file that ends in `.log`. Returns the file.

        `tlparse --export FILE` turns it into its page, with an entry for each issue above `note`.
        """
        return _pages().to_tlparse(self.listed(), Path(path))

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        return _pages().notebook(self.listed())

    def __repr__(self) -> str:
        found = ", ".join(f"{count} {severity}" for severity, count in self.counts().items()) or "no issues"
        return f"<Report {self.model or 'model'}: {found}; rung {self.rung}>"

    def __str__(self) -> str:
        return self._presenter().text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._presenter().renderables(self)

    @staticmethod
    def _presenter() -> DocumentPresenter[Report]:
        presenter: DocumentPresenter[Report] = presenter_of("Report")
        return presenter


def _pages() -> PagePresenter:
    presenter: PagePresenter = presenter_of("Page")
    return presenter
