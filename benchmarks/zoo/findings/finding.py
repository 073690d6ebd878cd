"""A finding of a report: its kind and place. Plain data that can be sent between processes."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

_TORCH = os.path.dirname(torch.__file__) + os.sep


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure in a report of torch, or an issue in a report of torchdraft."""

    kind: str
    """The failure type of torch, or the code of torchdraft."""
    place: str
    """`file:line` of the innermost frame outside of torch, or an empty text."""
    text: str
    """The expression, or the operator."""
    severity: str = ""
    own_check: bool = False
    """True if the comparison of fake with real tensors in torch caused the failure, not the model."""
    frames: tuple[str, ...] = ()
    """`file:line` of every frame of the user."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.severity, self.place, f"`{self.text}`") if part)


@dataclass(slots=True)
class Report:
    """The result of one draft: its findings, or the reason why there is no program."""

    findings: list[Finding] = field(default_factory=list)
    failure: str = ""
    successful: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plain:
    """The result of plain export. Both texts are empty if its program is right on all tested inputs."""

    unsound: str = ""
    refused_at: str = ""
    """`file:line` of the frame outside of torch that raised, or an empty text."""


def place_of(error: BaseException) -> str:
    """`file:line` of the innermost frame outside of torch in the traceback, below the call of torch."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = next((i for i, f in enumerate(frames) if f.filename.startswith(_TORCH)), len(frames))
    theirs = [f for f in frames[inside:] if not f.filename.startswith((_TORCH, "<"))]
    return _short(f"{theirs[-1].filename}:{theirs[-1].lineno}") if theirs else ""


def of_torch(report: Any) -> Iterator[Finding]:
    """The failures of a report of `torch.export.draft_export`."""
    for failure in report.failures:
        frames = [_frame(frame, report.str_to_filename) for frame in failure.data.get("user_stack") or ()]
        within = [_frame(frame, report.str_to_filename) for frame in failure.data.get("stack") or ()]
        theirs = tuple(frame for frame in frames if not frame.startswith(_TORCH))
        yield Finding(
            kind=failure.failure_type.name,
            place=_short(theirs[-1]) if theirs else "",
            text=str(failure.data.get("op") or failure.data.get("expr", "")),
            own_check=any("_subclasses/fake_utils.py" in frame for frame in within),
            frames=tuple(map(_short, theirs)),
        )


def of_torchdraft(report: Any) -> Iterator[Finding]:
    """The issues of a report of torchdraft."""
    for issue in report.issues:
        frames = [f"{frame.file}:{frame.line}" for frame in issue.user_stack]
        yield Finding(
            kind=issue.code,
            place=_short(f"{issue.location.file}:{issue.location.line}") if issue.location else "",
            text=str(issue.data.get("op") or issue.expr or ""),
            severity=str(issue.severity),
            frames=tuple(map(_short, frames)),
        )


def _frame(frame: dict[str, Any], names: dict[int, str]) -> str:
    return f"{names.get(frame['filename'], '?')}:{frame['line']}"


def _short(place: str) -> str:
    """The place without the folder of installed packages or generated code."""
    for mark in ("site-packages" + os.sep, "benchmarks" + os.sep):
        head, found, tail = place.rpartition(mark)
        if found and (head or mark.startswith("benchmarks")):
            return tail if mark.startswith("site") else mark + tail
    return os.path.basename(place) if place.startswith(tempfile.gettempdir() + os.sep) else place
