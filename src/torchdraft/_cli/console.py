"""Output of the commands: reports, progress, errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from torchdraft._render import words
from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Report, Verification
from torchdraft.model.shipment import Shipment

FAILED = 2
"""The exit status of a call that cannot be carried out: its arguments are wrong, or the model raises eagerly."""


def stderr() -> Console:
    """A console for standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_report(report: Report | Verification | Shipment) -> None:
    """Print to standard output: styled on a terminal, else as plain text."""
    console = Console()
    if console.is_terminal:
        console.print(report)
    else:
        typer.echo(str(report))


def print_written(*paths: Path | None) -> None:
    """Print the name and size of each file that a command wrote, to standard error."""
    for path in paths:
        if path is not None:
            stderr().print(Text(f"wrote {path} ({words.size(path.stat().st_size)})", style="dim"))


@contextmanager
def progress(what: str, quiet: bool = False) -> Iterator[None]:
    """Show a spinner on a terminal. Elsewhere nothing is shown, because lines of progress would fill a log."""
    console = stderr()
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(Text(f"{what} …")):
        yield


@contextmanager
def usage_errors_printed() -> Iterator[None]:
    """Print a `UsageError` of the block to standard error and exit with status `FAILED`."""
    try:
        yield
    except UsageError as error:
        for number, (label, text) in enumerate(error.parts()):
            style = "bold" if number else "bold red"
            stderr().print(Text.assemble((label if number else "error: ", style), text))
        sys.stdout.flush()
        raise typer.Exit(FAILED) from None
