"""`torchdraft check`: draft targets and fail if their reports have issues."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from torchdraft._check.baseline import Baseline
from torchdraft._check.judge import Judge
from torchdraft._check.run import Progress, accepting, draft_all, judged, narrowed
from torchdraft._check.settings import TABLE, Settings, find_settings
from torchdraft._check.targets import requested_targets
from torchdraft._render.check.github import render_github
from torchdraft._render.check.sarif import render_sarif
from torchdraft._render.check.text import render_check
from torchdraft._render.json.check_document import to_json
from torchdraft._render.paths import shown
from torchdraft._render.text import as_text
from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.usage_error import UsageError
from torchdraft.model.check import Check, FailOn
from torchdraft.rules import all_rules

from .arguments import CHECK_KERNELS_HELP, PATHS_HELP, CheckKernels, Paths
from .console import print_written, progress, usage_errors_printed
from .ship import Runtime

Change = Literal["write", "update"]


class Format(StrEnum):
    """The formats of the output."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class FailLevel(StrEnum):
    """The levels of `FailOn`, as an enum for typer."""

    BAKED = "baked"
    GUARDED = "guarded"
    SPECIALIZED = "specialized"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments of one call."""

    targets: Sequence[str]
    fail_on: FailOn | None
    baseline: Path | None
    change: Change | None
    """How to change the baseline, if at all."""
    paths: Literal["example", "all"] | None = None
    check_kernels: Literal["custom", "all", "none"] | None = None
    runtime: str | None = None


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
    form: Annotated[Format, typer.Option("--format", help="The format of the output.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of printing.")] = None,
) -> None:
    """Draft each TARGET's model and fail if a report has issues: a gate for continuous integration.

    Exit status: 0 clean, 1 findings, 2 if the call is wrong or a target is broken. Settings are in the table
    tool.torchdraft of pyproject.toml.
    """
    with usage_errors_printed():
        if write_baseline and update_baseline:
            raise UsageError("--write-baseline and --update-baseline", expected="one of them")
        if output is not None:
            check_writable(output, "-o", "")
        change: Change | None = "write" if write_baseline else "update" if update_baseline else None
        level: Any = fail_on.value if fail_on else None
        kept: Any = paths.value if paths else None
        compared: Any = check_kernels.value if check_kernels else None
        call = Call(
            targets=targets or (),
            fail_on=level,
            baseline=baseline,
            change=change,
            paths=kept,
            check_kernels=compared,
            runtime=runtime.value if runtime else None,
        )
        checked = run_check(call, progress)
        if output is None:
            _print_check(checked, form)
        else:
            with replacing(output, "-o") as temporary:
                temporary.write_text(_check_text(checked, form), encoding="utf-8")
            print_written(output)
    sys.stdout.flush()
    raise typer.Exit(checked.exit_code)


def run_check(call: Call, progress: Progress) -> Check:
    """Draft the targets, judge their reports, and write the baseline if the call requests it."""
    settings = find_settings(Path.cwd())
    requested = requested_targets(call.targets, settings)
    whole = not call.targets
    path = _baseline_path(call, settings)
    old = _old_baseline(call, path)
    judge = Judge(
        folder=settings.folder,
        fail_on=call.fail_on or settings.fail_on,
        ignore=settings.ignore,
        both_sides=settings.require_both_sides,
    )
    if settings.require_both_sides and call.paths == "example":
        raise UsageError(
            "--paths example, and the settings require both sides of every branch",
            expected=f"--paths all, or require-both-sides = false in [{TABLE}] of {settings.file}",
        )
    drafted = draft_all(
        requested,
        progress,
        paths=call.paths or settings.paths,
        check_kernels=call.check_kernels or settings.check_kernels,
        runtime=call.runtime,
    )
    check = judged(drafted, judge, old, whole=whole)
    if call.change and path:
        found = judged(drafted, judge, None, whole=whole)
        new = (
            accepting(drafted, found, judge, old or Baseline({}), whole=whole)
            if call.change == "write"
            else narrowed(drafted, judge, old or Baseline({}), whole=whole)
        )
        with replacing(path, "--baseline") as temporary:
            temporary.write_text(new.text(), encoding="utf-8")
        check = judged(drafted, judge, new, whole=whole)
    return replace(check, baseline=shown(str(path)) if path else "")


def _baseline_path(call: Call, settings: Settings) -> Path | None:
    path = call.baseline or settings.baseline
    if call.change and path is None:
        raise UsageError(
            f"--{call.change}-baseline, and no baseline is named",
            expected=f'--baseline FILE, or baseline = "FILE" in [{TABLE}] of pyproject.toml',
        )
    if call.change and path:
        check_writable(path, "--baseline", ".json")
    return path


def _old_baseline(call: Call, path: Path | None) -> Baseline | None:
    """The baseline before the call. It need not exist if the call writes it."""
    if path is None or (call.change == "write" and not path.exists()):
        return None
    return Baseline.read(path)


def _print_check(checked: Check, form: Format) -> None:
    console = Console()
    if form is Format.TEXT and console.is_terminal:
        for renderable in render_check(checked):
            console.print(renderable)
    else:
        typer.echo(_check_text(checked, form), nl=False)


def _rule_pages() -> str:
    """The address of the rules' pages, if the installed package names its documentation."""
    named = (url.split(", ", 1) for url in metadata("torchdraft").get_all("Project-URL", []))
    return next((f"{at.rstrip('/')}/rules" for label, at in named if label.lower() == "documentation"), "")


def _check_text(checked: Check, form: Format) -> str:
    if form is Format.GITHUB:
        return render_github(checked)
    if form is Format.JSON:
        return to_json(checked) + "\n"
    if form is Format.SARIF:
        return render_sarif(checked, all_rules(), version=version("torchdraft"), docs=_rule_pages()) + "\n"
    return as_text(render_check(checked)) + "\n"
