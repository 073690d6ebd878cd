"""Reads the source files that a report names, as far as they are still what was traced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torchdraft.model import Location

LARGEST_FILE = 400_000
"""Characters of one file; longer ones are generated, and no page shows them."""
LARGEST_SUM = 4_000_000
"""Characters of all files together."""


def sources_of(frames: Sequence[Location], more: Iterable[str] = ()) -> dict[str, str]:
    """File → text, of the files of the frames, then of `more`.

    A file is left out if it cannot be read, or if a line of it is no longer the one that a frame holds.
    """
    lines: dict[str, dict[int, str]] = {}
    for frame in frames:
        lines.setdefault(frame.file, {})[frame.line] = frame.source
    for file in more:
        lines.setdefault(file, {})
    found: dict[str, str] = {}
    left = LARGEST_SUM
    for file, expected in lines.items():
        text = _read(file)
        if text is not None and len(text) <= min(LARGEST_FILE, left) and _is_unchanged(text, expected):
            found[file] = text
            left -= len(text)
    return found


def _read(file: str) -> str | None:
    if not file or file.startswith("<"):
        return None
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read(LARGEST_FILE + 1)
    except (OSError, ValueError):
        return None


def _is_unchanged(text: str, expected: dict[int, str]) -> bool:
    lines = text.splitlines()
    return all(
        not source or (0 < line <= len(lines) and lines[line - 1].rstrip() == source.rstrip())
        for line, source in expected.items()
    )
