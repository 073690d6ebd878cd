"""Progress of the commands: a line that changes on a terminal, a line every ten seconds in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from torchdraft._draft.progress import what_runs

from .console import stderr

if TYPE_CHECKING:
    from rich.text import Text

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal, a line that is replaced is not possible, and many lines would fill a log."""


@contextmanager
def progress(what: str, quiet: bool = False) -> Iterator[None]:
    """Show on standard error what runs, since when, and how far it is."""
    if quiet:
        yield
        return
    line, console = Line(what), stderr()
    if console.is_terminal:
        with console.status(line):  # which asks for its text again and again
            yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_write_lines, args=(line, done), name="torchdraft progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Line:
    """One line about what runs: `drafting Pool … trace: 120 operations, rung symbolic, 3 s`."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._began = time.monotonic()

    def __str__(self) -> str:
        now = what_runs()
        return f"{self.what} … {f'{now}, ' if now else ''}{time.monotonic() - self._began:.0f} s"

    def __rich__(self) -> Text:
        """The text of this moment."""
        from rich.text import Text

        return Text(str(self))


def _write_lines(line: Line, done: threading.Event) -> None:
    while not done.wait(SECONDS_BETWEEN_LINES):
        typer.echo(str(line), err=True)
