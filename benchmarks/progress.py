"""Shows the progress as one line that overwrites itself, on a terminal only."""

from __future__ import annotations

import sys


def progress(text: str) -> None:
    """Replaces the last text by `text`. An empty text clears the line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
