"""`torchdraft view`: write the page of a report, and open it."""

from __future__ import annotations

import tempfile
import webbrowser
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared.console import print_written, usage_errors_printed
from .shared.progress import progress

if TYPE_CHECKING:
    from torchdraft.model import Report

ENDINGS = (".json", ".pt2")
INSIDE = "/extra/torchdraft/report.json"
"""The end of the report's name in a `.pt2`."""


def view(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report (.json) or a program with a report (.pt2).")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the page there (.html). By default: a temporary file.")
    ] = None,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Write the page of a report and open it in the browser.

    Exit status: 0 if the page was written; 2 if FILE cannot be read or the page cannot be written.
    """
    with usage_errors_printed():
        from torchdraft._targets.output import check_writable, replacing

        if output is not None:
            check_writable(output, "-o", ".html")
        with progress(f"reading {file}"):
            report = read_report(file)
        path = output or _temporary(file)
        with progress("writing"), replacing(path, "-o") as temporary:
            report.to_html(temporary)
        typer.echo(str(path))
        print_written(path)
        if browser and not webbrowser.open(path.resolve().as_uri()):
            typer.echo(f"no browser could be started; open {path}", err=True)


def read_report(file: Path) -> Report:
    """The report of a file. Raises `UsageError` if there is none in it."""
    from torchdraft._targets.usage_error import UsageError
    from torchdraft.model import Report, ReportFormatError

    if file.suffix not in ENDINGS:
        raise UsageError(f"{str(file)!r}", expected="a file name ending in .json or .pt2")
    if not file.is_file():
        raise UsageError(f"there is no file {str(file)!r}", expected="a report (.json) or a program (.pt2)")
    try:
        return Report.from_json(file.read_bytes()) if file.suffix == ".json" else _of_program(file)
    except (ReportFormatError, OSError) as error:
        raise UsageError(
            f"{str(file)!r} can't be read: {error}", expected="a file that export --json or save wrote"
        ) from error


def _of_program(file: Path) -> Report:
    """The report in a `.pt2`. The program is loaded only if the report has no nodes: older files."""
    from torchdraft._targets.usage_error import UsageError
    from torchdraft.model import Report

    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(INSIDE)]
            text = archive.read(names[0]) if names else None
    except zipfile.BadZipFile as error:
        raise UsageError(
            f"{str(file)!r} can't be read as a program: {error}",
            expected="a .pt2 file that torchdraft.save or torch.export.save wrote",
        ) from error
    if text is None:
        raise UsageError(
            f"{str(file)!r} has no report", expected="a program that draft_export made and torchdraft.save wrote"
        )
    report = Report.from_json(text)
    return report if report.listing is not None else _with_nodes(file, report)


def _with_nodes(file: Path, report: Report) -> Report:
    import torchdraft

    try:
        program: Any = torchdraft.load(file)
    except Exception as error:  # a custom operator that this process does not know, a version of torch that is too old
        first = str(error).splitlines()[0] if str(error) else ""
        typer.echo(f"without the graph, because the program can't be loaded: {type(error).__name__}: {first}", err=True)
        return report
    return replace(program._report.listed(), list_nodes=None)


def _temporary(file: Path) -> Path:
    """A file of its own, which stays: the browser reads it after the command has ended."""
    return Path(tempfile.mkdtemp(prefix="torchdraft-")) / f"{file.stem}.html"
