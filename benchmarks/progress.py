"""Says what is being worked on: one line that overwrites itself, on a terminal only."""

from __future__ import annotations

import sys


def progress(text: str) -> None:
    """Shows `text` in place of the last one; an empty text clears it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
