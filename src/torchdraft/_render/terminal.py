"""Renders reports for a rich console, which determines width and colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from torchdraft.model import Issue, Location, Report, Severity

from . import words
from .grouping import grouped

MOST_ISSUES = 50
MOST_ROWS = 50
"""How many issues, and how many rows of a table, are shown. The JSON has all."""

STYLES = {
    Severity.BAKED: "bold red",
    Severity.GUARDED: "bold yellow",
    Severity.SPECIALIZED: "bold cyan",
    Severity.NOTE: "bold blue",
}


def render_report(report: Report) -> Iterator[RenderableType]:
    """The whole report: summary, cost, issues from worst to mildest, dynamic dimensions, branches."""
    yield Text(words.summary(report), style="bold green" if report.successful() else "bold")
    yield Text(words.cost(report), style="dim")
    for rung in report.rungs:
        yield Text(words.broken_rung(rung))
    every = sorted(grouped(report.issues), key=lambda issue: -issue.severity.rank)
    shown, rest = every[:MOST_ISSUES], every[MOST_ISSUES:]
    for severity in dict.fromkeys(issue.severity for issue in shown):
        yield Text()
        yield Text.assemble((severity.upper(), STYLES[severity]), f"  {severity.meaning}")
        for issue in shown:
            if issue.severity == severity:
                yield Text()
                yield from render_issue(issue)
    if rest:
        yield Text()
        yield Text(words.left_out(rest), style="bold")
    if report.dimensions:
        yield Text()
        yield _dimensions(report)
    if report.paths:
        yield Text()
        yield _branches(report)
    if report.issues:
        yield Text()
        yield Text(f"torchdraft explain {report.issues[0].code} documents the rule.", style="dim")


def render_issue(issue: Issue) -> Iterator[RenderableType]:
    """One issue: its rule, message, source line and further facts."""
    yield _indented(
        Text.assemble(
            (issue.code, STYLES[issue.severity]), f" {issue.name}", (f"  {words.repetitions(issue)}".rstrip(), "dim")
        ),
        2,
    )
    yield _indented(Text(issue.message), 4)
    if issue.location:
        yield _indented(Text(words.place(issue.location), style="underline"), 4)
        yield from _source(issue.location, STYLES[issue.severity])
    if above := words.callers(issue):
        yield _indented(Text(f"called from {above}", style="dim"), 4)
    for label, text in words.facts(issue):
        yield _indented(Text.assemble((f"{label:<7}", "dim"), text), 4)


def _source(location: Location, style: str) -> Iterator[RenderableType]:
    """The source line without its indentation. The expression is underlined if its columns are known."""
    if not location.source.strip():
        return
    indent = len(location.source) - len(location.source.lstrip())
    gutter = f"{location.line} │ "
    yield _indented(Text(gutter + location.source[indent:].rstrip(), no_wrap=True, overflow="ellipsis"), 6)
    if location.column is not None and location.end_column is not None:
        start = len(gutter) + max(location.column - indent, 0)
        mark = "^" * max(location.end_column - location.column, 1)
        yield _indented(Text(" " * start + mark, style=style, no_wrap=True, overflow="crop"), 6)


def _dimensions(report: Report) -> Table:
    table = _table("Dynamic dimensions", ("dimension", "requested", "got", "why"))
    for dimension in report.dimensions[:MOST_ROWS]:
        table.add_row(*map(Text, (dimension.name, dimension.asked, dimension.got, dimension.reason)))
    _say_how_many_more(table, len(report.dimensions))
    return table


def _branches(report: Report) -> Table:
    table = _table("Branches", words.BRANCH_HEADINGS)
    for branch in report.paths[:MOST_ROWS]:
        table.add_row(*map(Text, words.branch(branch)))
    _say_how_many_more(table, len(report.paths))
    return table


def _say_how_many_more(table: Table, rows: int) -> None:
    if rows > MOST_ROWS:
        table.caption = f"… and {rows - MOST_ROWS} more; the JSON has all"
        table.caption_justify = "left"


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, header_style="dim", overflow="fold")
    return table


def _indented(text: Text, by: int) -> Padding:
    return Padding(text, (0, 0, 0, by), expand=False)
