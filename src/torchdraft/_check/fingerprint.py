"""Fingerprints: identify an issue when the lines of its file move."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tokenize
from dataclasses import astuple, dataclass
from pathlib import Path

from torchdraft.model import Issue

_SYMBOL = re.compile(r"\b(?:zuf|zf|[usz])\d+\b")
_INSTALLED = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """Two issues with equal fingerprints make the same assumption, possibly at two places of one function."""

    code: str
    file: str
    """The path relative to the project's folder or to the folder of installed packages, with forward slashes."""
    function: str
    source: str
    """The source line, with normalised whitespace and without a comment: an ignore comment would make it another."""
    expr: str
    """The expression with its symbols renumbered: their original numbers depend on the rest of the model."""

    def __str__(self) -> str:
        return hashlib.sha256("\0".join(astuple(self)).encode(errors="replace")).hexdigest()[:16]


def fingerprint(issue: Issue, folder: Path) -> Fingerprint:
    """The fingerprint of the issue, with file names relative to `folder`."""
    place = issue.location
    return Fingerprint(
        code=issue.code,
        file=_file(place.file, folder) if place else "",
        function=place.function if place else "",
        source=normalised(place.source) if place else "",
        expr=_canonical(issue.expr or ""),
    )


def normalised(source: str) -> str:
    """A source line without its comment and with single blanks."""
    line = source.strip()
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            if token.type == tokenize.COMMENT:
                line = line[: token.start[1]]
                break
    except (tokenize.TokenError, SyntaxError):  # the line is part of a statement, whose tokens so far have no comment
        pass
    return " ".join(line.split())


def _file(file: str, folder: Path) -> str:
    if file.startswith("<"):
        return file
    if _INSTALLED.match(file):
        return _INSTALLED.sub("", file).replace("\\", "/")
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # on another drive
        return Path(file).as_posix()


def _canonical(expr: str) -> str:
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match.group(), len(numbers))}"

    return _SYMBOL.sub(numbered, expr)
