"""`torchdraft export`: draft a program from a target's model, print its report, write the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from torchdraft._render import words
from torchdraft._targets.drafting import draft
from torchdraft._targets.dynamic_shapes import check_dynamic_shapes
from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.target import load_target
from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Report

from .arguments import CHECK_KERNELS_HELP, PATHS_HELP, CheckKernels, Paths, TargetArgument
from .console import print_report, print_written, progress, usage_errors_printed


def export(
    target: TargetArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the program there (.pt2).")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report there (.json).")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report's page there (.html).")] = None,
    tlparse: Annotated[
        Path | None, typer.Option("--tlparse", help="Write a trace log for tlparse there (a folder, or .log).")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Trace with Dynamo first.")] = False,
    paths: Annotated[Paths, typer.Option("--paths", help=PATHS_HELP)] = Paths.EXAMPLE,
    check_kernels: Annotated[
        CheckKernels, typer.Option("--check-kernels", help=CHECK_KERNELS_HELP)
    ] = CheckKernels.CUSTOM,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Draft a program from TARGET's model, print the report, write the program.

    Exit status: 0 with a program, whatever the report says; 2 if the call is wrong or the model raises.
    """
    with usage_errors_printed():
        for path, option, ending in ((output, "-o", ".pt2"), (json, "--json", ".json"), (html, "--html", ".html")):
            if path is not None:
                check_writable(path, option, ending)
        with progress(f"loading {target}", quiet):
            found = load_target(target)
            check_dynamic_shapes(found.model, found.args, found.kwargs, found.dynamic_shapes)
        with progress(f"drafting {type(found.model).__name__}", quiet):
            program = draft(found, strict=strict, paths=paths.value, check_kernels=check_kernels.value)
        with progress("writing", quiet):
            _write(program, output, json, html)
            log = _write_log(program._report, tlparse) if tlparse is not None else None
        if not quiet:
            print_report(program._report)
            print_written(output, json, html, log)
        if log is not None:
            typer.echo(f"{words.TLPARSE_HINT}\n{words.tlparse_command(log)}", err=True)


def _write_log(report: Report, path: Path) -> Path:
    try:
        return report.to_tlparse(path)
    except OSError as error:
        raise UsageError(
            f"--tlparse {str(path)!r} can't be written: {error.strerror or error}",
            expected="a folder, or a file ending in .log, that you may write",
        ) from error


def _write(program: Any, output: Path | None, json: Path | None, html: Path | None) -> None:
    import torchdraft

    if output is not None:
        with replacing(output, "-o") as temporary:
            torchdraft.save(program, temporary)
    if json is not None:
        with replacing(json, "--json") as temporary:
            temporary.write_text(program._report.listed().to_json() + "\n", encoding="utf-8")
    if html is not None:
        with replacing(html, "--html") as temporary:
            program._report.to_html(temporary)
