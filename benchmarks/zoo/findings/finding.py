"""One thing a report says: what kind, and where. Plain data, so that it passes from process to process."""

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
    """A failure of torch's report, or an issue of torchdraft's."""

    kind: str
    """torch's name of the type, or torchdraft's code."""
    place: str
    """`file:line` of the innermost frame outside torch; empty where there is none."""
    text: str
    """The expression, or the operator."""
    severity: str = ""
    own_check: bool = False
    """torch's comparison of fake with real tensors asked, and not the model."""
    frames: tuple[str, ...] = ()
    """Every `file:line` of the user's on the way."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.severity, self.place, f"`{self.text}`") if part)


@dataclass(slots=True)
class Report:
    """What came of one draft: its findings, or why there is no program."""

    findings: list[Finding] = field(default_factory=list)
    failure: str = ""
    successful: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plain:
    """What plain export makes of a model. Both texts are empty where its program is right, on other inputs too."""

    unsound: str = ""
    refused_at: str = ""
    """`file:line` outside torch where the refusal was raised, where there is one."""


def place_of(error: BaseException) -> str:
    """`file:line` of the innermost frame outside torch that the exception passed, of those that the model has."""
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
    """The place without the folder that packages are installed in, or code is generated in."""
    for mark in ("site-packages" + os.sep, "benchmarks" + os.sep):
        head, found, tail = place.rpartition(mark)
        if found and (head or mark.startswith("benchmarks")):
            return tail if mark.startswith("site") else mark + tail
    return os.path.basename(place) if place.startswith(tempfile.gettempdir() + os.sep) else place
