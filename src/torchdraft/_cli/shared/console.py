"""Output of the commands: reports, files, errors."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .arguments import TRACEBACK

if TYPE_CHECKING:
    from rich.console import Console

    from torchdraft._targets.usage_error import UsageError
    from torchdraft.model import Report, Verification
    from torchdraft.model.shipment import Shipment

FAILED = 2
"""The exit status of a call that cannot be carried out: its arguments are wrong, or the model raises eagerly."""

STDOUT = Path("-")
"""The file name that stands for standard output."""


def stderr() -> Console:
    """A console for standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_report(report: Report | Verification | Shipment, *, to_stderr: bool = False) -> None:
    """Print to standard output, or to standard error: styled on a terminal, else as plain text."""
    from rich.console import Console

    console = Console(stderr=to_stderr)
    if console.is_terminal:
        console.print(report)
    else:
        typer.echo(str(report), err=to_stderr)


def print_written(*paths: Path | None) -> None:
    """Print the name and size of each file that a command wrote, to standard error."""
    from rich.text import Text

    from torchdraft._render import words

    for path in paths:
        if path is not None and path != STDOUT:
            stderr().print(Text(f"wrote {path} ({words.size(path.stat().st_size)})", style="dim"))


def check_json_option(path: Path | None) -> None:
    """Raise `UsageError` if the value of `--json` cannot be written."""
    from torchdraft._targets.output import check_writable

    if path is not None and path != STDOUT:
        check_writable(path, "--json", ".json")


def write_json(text: str, path: Path | None) -> None:
    """Write a document to the value of `--json`: a file, standard output, or nowhere."""
    from torchdraft._targets.output import replacing

    if path == STDOUT:
        typer.echo(text)
    elif path is not None:
        with replacing(path, "--json") as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")


def output_of_models(json: Path | None) -> AbstractContextManager[object]:
    """A context for code of the user. Where standard output is a document, what the code prints is no part of it."""
    return contextlib.redirect_stdout(sys.stderr) if json == STDOUT else nullcontext()


@contextmanager
def usage_errors_printed() -> Iterator[None]:
    """Print a `UsageError` of the block to standard error and exit with status `FAILED`.

    So do other exceptions, which are errors of torchdraft: status 1 of some commands stands for findings.
    """
    from torchdraft._targets.usage_error import UsageError

    try:
        yield
    except UsageError as error:
        _print_error(error, error.__cause__)
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        _print_error(_own(error), error)


def _own(error: Exception) -> UsageError:
    """An exception that no code of ours expected."""
    from torchdraft._targets.raised import described
    from torchdraft._targets.usage_error import UsageError
    from torchdraft.model.errors import UnsupportedTorch

    if isinstance(error, (UnsupportedTorch, ImportError)):
        return UsageError(str(error))
    return UsageError(
        f"torchdraft failed: {described(error)}",
        expected="no such error; it is one of torchdraft",
        advice="the same command with --traceback, and report what it prints",
    )


def _print_error(error: UsageError, raised: BaseException | None) -> None:
    import traceback

    from rich.text import Text

    if raised is not None and TRACEBACK.get():
        typer.echo("".join(traceback.format_exception(raised)), nl=False, err=True)
    for number, (label, text) in enumerate(error.parts()):
        style = "bold" if number else "bold red"
        stderr().print(Text.assemble((label if number else "error: ", style), text))
    sys.stdout.flush()
    raise typer.Exit(FAILED) from None
