"""`torchdraft export`: draft a program from a target's model, print its report, write the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared.arguments import CHECK_KERNELS_HELP, PATHS_HELP, CheckKernels, Paths, TargetArgument, TracebackOption
from .shared.console import (
    STDOUT,
    check_json_option,
    output_of_models,
    print_report,
    print_written,
    usage_errors_printed,
    write_json,
)
from .shared.progress import progress
from .shared.torch_logs import LogFileOption, LogsOption, torch_logs

if TYPE_CHECKING:
    from torchdraft.model import Report


def export(
    target: TargetArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the program there (.pt2).")] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the report there (.json), or to standard output (-).")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report's page there (.html).")] = None,
    tlparse: Annotated[
        Path | None, typer.Option("--tlparse", help="Write a trace log for tlparse there (a folder, or .log).")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Trace with Dynamo first.")] = False,
    paths: Annotated[Paths, typer.Option("--paths", help=PATHS_HELP)] = Paths.EXAMPLE,
    check_kernels: Annotated[
        CheckKernels, typer.Option("--check-kernels", help=CHECK_KERNELS_HELP)
    ] = CheckKernels.CUSTOM,
    learn_sizes: Annotated[
        bool, typer.Option("--learn-sizes", help="Learn the sizes of operators without a right fake kernel from runs.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    logs: LogsOption = "",
    log_file: LogFileOption = None,
    _traceback: TracebackOption = False,
) -> None:
    """Draft a program from TARGET's model, print the report, write the program.

    Exit status: 0 with a program, whatever the report says; 2 if the call is wrong, the model raises, or a file cannot
    be written.
    """
    with usage_errors_printed():
        from torchdraft._render import words
        from torchdraft._targets.drafting import draft
        from torchdraft._targets.output import check_writable, replacing
        from torchdraft._targets.target import load_target

        for path, option, ending in ((output, "-o", ".pt2"), (html, "--html", ".html")):
            if path is not None:
                check_writable(path, option, ending)
        check_json_option(json)
        with torch_logs(logs, log_file), output_of_models(json):
            with progress(f"loading {target}", quiet):
                found = load_target(target)
            with progress(f"drafting {type(found.model).__name__}", quiet):
                program = draft(
                    found,
                    strict=strict,
                    paths=paths.value,
                    check_kernels=check_kernels.value,
                    learn_sizes=learn_sizes,
                )
        report: Report = program._report
        if not quiet:  # before anything is written: a full disk must not lose it
            print_report(report, to_stderr=json == STDOUT)
        if json is not None:
            write_json(report.listed().to_json(), json)
        with progress("writing", quiet):
            if output is not None:
                _write(program, output)
            if html is not None:
                with replacing(html, "--html") as temporary:
                    report.to_html(temporary)
            log = _write_log(report, tlparse) if tlparse is not None else None
        if not quiet:
            print_written(output, json, html, log)
        if log is not None:
            typer.echo(f"{words.TLPARSE_HINT}\n{words.tlparse_command(log)}", err=True)


def _write_log(report: Report, path: Path) -> Path:
    from torchdraft._targets.usage_error import UsageError

    try:
        return report.to_tlparse(path)
    except OSError as error:
        raise UsageError(
            f"--tlparse {str(path)!r} can't be written: {error.strerror or error}",
            expected="a folder, or a file ending in .log, that you may write",
        ) from error


def _write(program: Any, output: Path) -> None:
    import torchdraft
    from torchdraft._targets.output import replacing

    with replacing(output, "-o") as temporary:
        torchdraft.save(program, temporary)
