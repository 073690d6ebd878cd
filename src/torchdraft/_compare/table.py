"""Renders the comparison as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .result import Result


def render(results: Sequence[Result]) -> Iterator[RenderableType]:
    """One row for each way, then why those that do not work don't, then the graph breaks."""
    table = Table(box=None, pad_edge=False)
    for heading in ("way", "works", "equal", "seconds", "MB", "dynamic"):
        table.add_column(heading, header_style="dim", justify="right" if heading in ("seconds", "MB") else "left")
    for result in results:
        table.add_row(*map(Text, _row(result)))
    yield table
    if notes := [result for result in results if result.why]:
        yield Text()
        yield from (Text(f"{result.way}: {result.why}") for result in notes)
    for result in results:
        for each in result.breaks:
            yield Text(f"  graph break at {each.line or 'an unknown line'}: {each.reason}")


def _row(result: Result) -> tuple[str, ...]:
    equal = {True: "yes", False: "no", None: ""}[result.equal]
    seconds = "" if result.seconds is None else f"{result.seconds:.2f}"
    megabytes = "" if result.megabytes is None else f"{result.megabytes:.0f}"
    return result.way, "yes" if result.works else "no", equal, seconds, megabytes, ", ".join(result.dynamic)


def to_json(target: str, results: Sequence[Result]) -> str:
    """The comparison as JSON."""
    return json.dumps({"target": target, "ways": msgspec.to_builtins(list(results))}, indent=2)
