"""The tree of a symbolic condition: its parts, down to the inputs and reads that its symbols stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torchdraft.model import Issue, Report

MOST_PARTS = 60
"""Parts of one tree. A condition of thousands of terms is cut."""


def origin_tree(issue: Issue, report: Report) -> dict[str, Any] | None:
    """`{"text", "how", "file", "line", "parts"}` of the issue's condition; None if the report has no table for it."""
    number = issue.data.get("expr_node_id")
    if not isinstance(number, int) or number not in report.expressions_created:
        return None
    left = [MOST_PARTS]
    return _part(number, report.expressions_created, issue.symbols, left)


def _part(
    number: int, table: Mapping[int, Mapping[str, Any]], symbols: Mapping[str, str], left: list[int]
) -> dict[str, Any]:
    row = table[number]
    left[0] -= 1
    text = str(row.get("result", ""))
    part: dict[str, Any] = {"text": text, "how": symbols.get(text, "")}
    frames = row.get("user_stack") or ()
    if text in symbols and frames:
        part |= {"file": frames[-1]["filename"], "line": frames[-1]["line"]}
    parts = [
        _part(argument, table, symbols, left)
        for argument in row.get("argument_ids") or ()
        if argument in table and not _is_number(table[argument]) and left[0] > 0
    ]
    return {**part, "parts": parts} if parts else part


def _is_number(row: Mapping[str, Any]) -> bool:
    return not row.get("argument_ids") and str(row.get("result", "")).lstrip("-").replace(".", "", 1).isdigit()
