"""What stays of an issue when the lines of its file move."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import astuple, dataclass
from pathlib import Path

from torchdraft.model import Issue

_SYMBOL = re.compile(r"\b(?:zuf|zf|[usz])\d+\b")
_INSTALLED = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """Two issues with the same one are the same assumption, told of two places at most."""

    code: str
    file: str
    """Relative to the project's folder, or to where packages are installed; with forward slashes."""
    function: str
    source: str
    """The line, blanks apart."""
    expr: str
    """The expression, its symbols numbered in order: their own numbers depend on what else the model does."""

    def __str__(self) -> str:
        return hashlib.sha256("\0".join(astuple(self)).encode(errors="replace")).hexdigest()[:16]


def fingerprint(issue: Issue, folder: Path) -> Fingerprint:
    """Of the issue, with files named from `folder` on."""
    place = issue.location
    return Fingerprint(
        code=issue.code,
        file=_file(place.file, folder) if place else "",
        function=place.function if place else "",
        source=" ".join(place.source.split()) if place else "",
        expr=_canonical(issue.expr or ""),
    )


def _file(file: str, folder: Path) -> str:
    if file.startswith("<"):
        return file
    if _INSTALLED.match(file):
        return _INSTALLED.sub("", file).replace("\\", "/")
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # Another drive.
        return Path(file).as_posix()


def _canonical(expr: str) -> str:
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match.group(), len(numbers))}"

    return _SYMBOL.sub(numbered, expr)
