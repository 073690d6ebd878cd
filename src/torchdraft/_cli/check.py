"""`torchdraft check`: draft targets and fail if their reports have issues."""

from __future__ import annotations

import importlib
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared.arguments import CHECK_KERNELS_HELP, PATHS_HELP, CheckKernels, Paths, QuietOption, TracebackOption
from .shared.console import print_written, usage_errors_printed
from .shared.progress import progress
from .ship import Runtime

if TYPE_CHECKING:
    from torchdraft.model.check import Check


class Format(StrEnum):
    """The formats of the output."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    CONCISE = "concise"
    JUNIT = "junit"
    GITLAB = "gitlab"


class FailLevel(StrEnum):
    """The levels of `FailOn`, as an enum for typer."""

    BAKED = "baked"
    GUARDED = "guarded"
    SPECIALIZED = "specialized"
    ANY = "any"


# Longer than 40 lines, because typer reads every option from the signature.
def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="file.py:callable or package.module:callable. By default: the targets of the settings.",
        ),
    ] = None,
    fail_on: Annotated[
        FailLevel | None,
        typer.Option(
            "--fail-on", help="The mildest severity that fails; `any` includes notes. By default: specialized."
        ),
    ] = None,
    paths: Annotated[
        Paths | None, typer.Option("--paths", help=f"{PATHS_HELP} By default: that of the settings, or example.")
    ] = None,
    check_kernels: Annotated[
        CheckKernels | None,
        typer.Option(
            "--check-kernels", help=f"{CHECK_KERNELS_HELP} By default: those of the settings, or of custom operators."
        ),
    ] = None,
    runtime: Annotated[
        Runtime | None,
        typer.Option("--runtime", help="Ship each program there, and judge it as it is there."),
    ] = None,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="Findings that are accepted (.json).")] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Accept what fails now: write it to the baseline.")
    ] = False,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Remove findings that no longer occur from the baseline.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="RULES", help="The rules that count: codes, names, or beginnings of codes."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="RULES", help="Rules that do not count in this call.")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 in spite of findings.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule.")] = False,
    form: Annotated[Format, typer.Option("--format", help="The format of the output.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of printing.")] = None,
    quiet: QuietOption = False,
    _traceback: TracebackOption = False,
) -> None:
    """Draft each TARGET's model and fail if a report has issues: a gate for continuous integration.

    Exit status: 0 clean, 1 findings, 2 if the call is wrong or a target is broken. Settings are in the table
    tool.torchdraft of pyproject.toml.
    """
    with usage_errors_printed():
        from torchdraft._check.call import Call, run_check
        from torchdraft._targets.output import check_writable, replacing
        from torchdraft._targets.usage_error import UsageError

        if write_baseline and update_baseline:
            raise UsageError("--write-baseline and --update-baseline", expected="one of them")
        if statistics and form not in (Format.TEXT, Format.CONCISE):
            raise UsageError(f"--statistics with --format {form}", expected="--format text or concise")
        if output is not None:
            check_writable(output, "-o", "")
        level: Any = fail_on.value if fail_on else None
        kept: Any = paths.value if paths else None
        compared: Any = check_kernels.value if check_kernels else None
        call = Call(
            targets=targets or (),
            fail_on=level,
            baseline=baseline,
            change="write" if write_baseline else "update" if update_baseline else None,
            paths=kept,
            check_kernels=compared,
            runtime=runtime.value if runtime else None,
            select=select or (),
            ignore=ignore or (),
        )
        checked = run_check(call, partial(progress, quiet=quiet))
        if output is None:
            _print_check(checked, form)
        else:
            with replacing(output, "-o") as temporary:
                temporary.write_text(_check_text(checked, form), encoding="utf-8")
            print_written(output)
        if statistics:
            _print_statistics(checked)
    sys.stdout.flush()
    raise typer.Exit(0 if exit_zero and checked.status == "findings" else checked.exit_code)


def _print_check(checked: Check, form: Format) -> None:
    from rich.console import Console

    from torchdraft._render.check.text import render_check

    console = Console()
    if form is Format.TEXT and console.is_terminal:
        for renderable in render_check(checked):
            console.print(renderable)
    else:
        typer.echo(_check_text(checked, form), nl=False)


def _rule_pages() -> str:
    """The address of the rules' pages, if the installed package names its documentation."""
    from importlib.metadata import metadata

    named = (url.split(", ", 1) for url in metadata("torchdraft").get_all("Project-URL", []))
    return next((f"{at.rstrip('/')}/rules" for label, at in named if label.lower() == "documentation"), "")


def _print_statistics(checked: Check) -> None:
    from torchdraft._render.check.statistics import render_statistics
    from torchdraft._render.text import as_text

    typer.echo("\n" + as_text([render_statistics(checked)]))


def _check_text(checked: Check, form: Format) -> str:
    """The check in a format. A renderer is imported when its format is asked for."""
    if form is Format.SARIF:
        from importlib.metadata import version

        from torchdraft._render.check.sarif import render_sarif
        from torchdraft.rules import all_rules

        return render_sarif(checked, all_rules(), version=version("torchdraft"), docs=_rule_pages()) + "\n"
    if form is Format.TEXT:
        from torchdraft._render.check.text import render_check
        from torchdraft._render.text import as_text

        return as_text(render_check(checked)) + "\n"
    module, function = _RENDERERS[form]
    text: str = getattr(importlib.import_module(f"torchdraft._render.{module}"), function)(checked)
    return text if not text or text.endswith("\n") else text + "\n"


_RENDERERS = {
    Format.GITHUB: ("check.github", "render_github"),
    Format.JSON: ("json.check_document", "to_json"),
    Format.CONCISE: ("check.concise", "render_concise"),
    Format.JUNIT: ("check.junit", "render_junit"),
    Format.GITLAB: ("check.gitlab", "render_gitlab"),
}
"""Format → the module and the function that renders it, from the check alone."""
