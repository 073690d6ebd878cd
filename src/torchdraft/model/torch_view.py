"""The report in the form of `torch.export.draft_export`'s report, so that code written for torch's keeps working.

Keys and types follow torch 2.13's `torch/export/_draft_export.py`: file names are interned numbers that
`Report.str_to_filename` resolves, `result` is text, `user_stack` has the outermost frame first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from .issue import Issue
from .location import Location
from .severity import Severity


class FailureType(IntEnum):
    """torch's kinds of failure, with the same names and numbers."""

    MISSING_FAKE_KERNEL = 1
    DATA_DEPENDENT_ERROR = 2
    GUARD_ADDED = 3
    CONSTRAINT_VIOLATION_ERROR = 3
    MISMATCHED_FAKE_KERNEL = 4

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class FailureReport:
    """One issue in torch's form. `issue` has all of its data."""

    failure_type: FailureType
    data: dict[str, Any]
    xfail: bool = False
    issue: Issue | None = field(default=None, repr=False)

    def print(self, str_to_filename: Mapping[int, str]) -> str:
        """The failure as text. Like torch's method of this name, it returns the text and prints nothing."""
        title = self.failure_type.name.replace("_", " ").capitalize()
        lines = [f"{title}: {self.issue.message if self.issue else self.data}"]
        for frame in self.data.get("user_stack", ()):
            file = str_to_filename.get(frame["filename"], "?")
            lines += [f'  File "{file}", line {frame["line"]}, in {frame["name"]}', f"    {frame['loc']}"]
        return "\n".join(lines) + "\n"


def failure_type_of(issue: Issue) -> FailureType:
    """The kind of failure that torch would report. What torch has no kind for is a data-dependent error."""
    if issue.code == "TD301":
        return FailureType.MISSING_FAKE_KERNEL
    if issue.code == "TD302":
        return FailureType.MISMATCHED_FAKE_KERNEL
    if issue.code.startswith("TD2") or issue.code == "TD901":
        return FailureType.GUARD_ADDED
    return FailureType.DATA_DEPENDENT_ERROR


def intern_filenames(issues: Iterable[Issue]) -> dict[int, str]:
    """Number → file, for every file in the stacks of `issues`, in order of appearance."""
    files = dict.fromkeys(frame.file for issue in issues for frame in _stack(issue))
    return dict(enumerate(files))


def failures_of(
    issues: Iterable[Issue], str_to_filename: Mapping[int, str], new_dynamic_shapes: Any
) -> list[FailureReport]:
    """Every issue above `note`, in torch's form."""
    numbers = {file: number for number, file in str_to_filename.items()}
    return [_failure(issue, numbers, new_dynamic_shapes) for issue in issues if issue.severity > Severity.NOTE]


def _failure(issue: Issue, numbers: Mapping[str, int], new_dynamic_shapes: Any) -> FailureReport:
    kind = failure_type_of(issue)
    stack = [_frame(frame, numbers) for frame in _stack(issue)]
    data: dict[str, Any] = {
        "expr": issue.expr or issue.message,
        "result": issue.value or "",
        "user_stack": stack,
        # Frames of the framework are not recorded. Code written for torch's report reads stack[-1].
        "stack": stack,
        "expr_node_id": issue.data.get("expr_node_id"),
        "symbol_to_sources": dict(issue.symbols),
        "frame_locals": _frame_locals(issue),
        "occurrences": issue.occurrences,
    }
    if kind in (FailureType.MISSING_FAKE_KERNEL, FailureType.MISMATCHED_FAKE_KERNEL):
        data["op"] = issue.data.get("op", "")
        data["reason"] = issue.data.get("reason", "")
    if kind is FailureType.GUARD_ADDED:
        data["prefix"] = "eval"
        shapes = new_dynamic_shapes if new_dynamic_shapes is not None else issue.data.get("fix")
        data["new_dynamic_shapes"] = shapes
    return FailureReport(kind, data, issue=issue)


def _stack(issue: Issue) -> tuple[Location, ...]:
    if issue.user_stack:
        return issue.user_stack
    return (issue.location,) if issue.location else ()


def _frame(location: Location, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "line": location.line,
        "name": location.function,
        "filename": numbers[location.file],
        "loc": location.source.strip(),
    }


def _frame_locals(issue: Issue) -> dict[str, Any]:
    loc = f"{issue.location.file}:{issue.location.line}" if issue.location else None
    return {"loc": loc, "locals": dict(issue.locals), "symbols": dict(issue.symbols)}
