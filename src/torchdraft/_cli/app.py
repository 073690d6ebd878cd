"""The command line: parse the arguments, call the API, set the exit status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from torchdraft._render import paths, words
from torchdraft._render.check.github import render_github
from torchdraft._render.check.sarif import render_sarif
from torchdraft._render.check.text import render_check
from torchdraft._render.json.check_document import to_json
from torchdraft._render.json.schema import check_schema, report_schema
from torchdraft._render.json.schema import text as schema_text
from torchdraft._render.text import as_text
from torchdraft._targets.drafting import draft
from torchdraft._targets.dynamic_shapes import check_dynamic_shapes
from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.target import load_target
from torchdraft._targets.usage_error import Mistake
from torchdraft.model import Report, Severity, Verification
from torchdraft.model.check import Check
from torchdraft.rules import all_rules, rule_named
from torchdraft.rules.plugins import GROUP
from torchdraft.rules.registry import broken_plugins, own_rules

from .check import Call, Change, run_check
from .new_rule import new_rule
from .verify import run_verify
from .write_rule import write_rule

app = typer.Typer(
    help="A graph, always, and everything that stands between a PyTorch model and a sound export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class Format(StrEnum):
    """What `check` prints."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class FailLevel(StrEnum):
    """The levels of `FailOn`, as typer wants them."""

    BAKED = "baked"
    GUARDED = "guarded"
    SPECIALIZED = "specialized"
    ANY = "any"


class Document(StrEnum):
    """What there is a schema of."""

    REPORT = "report"
    CHECK = "check"


FAILED = 2
"""The exit status of a call that can't be carried out: a mistake in it, or a model that fails eagerly."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"torchdraft {version('torchdraft')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def export(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="file.py:callable or package.module:callable, returning (module, args[, kwargs[, dynamic_shapes]]).",
        ),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the program there (.pt2).")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report there (.json).")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Trace with Dynamo first.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Draft a program from TARGET's model, print the report, write the program.

    Exit status: 0 with a program, whatever the report says; 2 when the call or the model itself is broken.
    """
    with _mistakes_told():
        for path, option, ending in ((output, "-o", ".pt2"), (json, "--json", ".json")):
            if path is not None:
                check_writable(path, option, ending)
        with _progress(f"loading {target}", quiet):
            found = load_target(target)
            check_dynamic_shapes(found.model, found.args, found.kwargs, found.dynamic_shapes)
        with _progress(f"drafting {type(found.model).__name__}", quiet):
            program = draft(found, strict=strict)
        with _progress("writing", quiet):
            _write(program, output, json)
        if not quiet:
            _print_report(program._report)
            _told_written(output, json)


@app.command()
def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="file.py:callable or package.module:callable; those of the settings where none is given.",
        ),
    ] = None,
    fail_on: Annotated[
        FailLevel | None,
        typer.Option(
            "--fail-on", help="The mildest severity that fails; `any` takes notes too. By default: specialized."
        ),
    ] = None,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="Findings that are accepted (.json).")] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Accept what fails now: write it to the baseline.")
    ] = False,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Take out of the baseline what is not found any more.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of printing.")] = None,
) -> None:
    """Draft each TARGET's model and fail where a report has issues: a gate for continuous integration.

    Exit status: 0 clean, 1 findings, 2 when the call or one of the targets is broken. The table tool.torchdraft of
    pyproject.toml has the settings.
    """
    with _mistakes_told():
        if write_baseline and update_baseline:
            raise Mistake("--write-baseline and --update-baseline", expected="one of them")
        if output is not None:
            check_writable(output, "-o", "")
        change: Change | None = "write" if write_baseline else "update" if update_baseline else None
        level: Any = fail_on.value if fail_on else None
        call = Call(targets=targets or (), fail_on=level, baseline=baseline, change=change)
        checked = run_check(call, partial(_progress, quiet=False))
        if output is None:
            _print_check(checked, form)
        else:
            with replacing(output, "-o") as temporary:
                temporary.write_text(_check_text(checked, form), encoding="utf-8")
            _told_written(output)
    sys.stdout.flush()
    raise typer.Exit(checked.exit_code)


@app.command()
def verify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="file.py:callable or package.module:callable, returning (module, args[, kwargs[, dynamic_shapes]]).",
        ),
    ],
    n: Annotated[int, typer.Option("-n", min=1, help="How many inputs to draw, the example among them.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Draws and random states follow from it.")] = 0,
    program: Annotated[
        Path | None, typer.Option("--program", help="A saved program (.pt2); without it TARGET's model is drafted.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the result there (.json).")] = None,
) -> None:
    """Put TARGET's program and model to the same inputs and say where they part.

    Exit status: 0 where the program is right or raises, 1 where it is silently wrong and no issue of severity baked
    says so, 2 when the call, the model or the program is broken.
    """
    with _mistakes_told():
        if json is not None:
            check_writable(json, "--json", ".json")
        found = run_verify(target, program, n, seed, partial(_progress, quiet=False))
        if json is not None:
            with replacing(json, "--json") as temporary:
                temporary.write_text(found.to_json() + "\n", encoding="utf-8")
        _print_report(found)
        _told_written(json)
    sys.stdout.flush()
    raise typer.Exit(0 if found.ok else 1)


@app.command()
def explain(rule: Annotated[str, typer.Argument(metavar="RULE", help="A code (TD101) or a name.")]) -> None:
    """Print the documentation page of a rule."""
    with _mistakes_told():
        found = rule_named(rule)
        if found is None:
            codes = ", ".join(each.code for each in all_rules())
            raise Mistake(f"there is no rule {rule!r}", expected=f"one of {codes}", advice="torchdraft rules")
        console = Console()
        if console.is_terminal:
            console.print(Markdown(found.page()))
        else:
            typer.echo(found.page(), nl=False)


@app.command()
def rules() -> None:
    """List every rule, those of other packages too."""
    table = Table(box=None, pad_edge=False)
    shipped = any(rule not in own_rules() for rule in all_rules())
    for heading in ("code", "name", "usual severity", *(["package"] if shipped else [])):
        table.add_column(heading, header_style="dim", no_wrap=True)
    for rule in all_rules():
        package = "" if rule in own_rules() else type(rule).__module__.partition(".")[0]
        table.add_row(rule.code, rule.name, str(rule.severity), *([package] if shipped else []))
    Console().print(table)
    for plugin in broken_plugins():
        _stderr().print(Text.assemble(("warning: ", "bold yellow"), f"{plugin.entry}: {plugin.exception}"))


@app.command("new-rule")
def new_rule_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="TD405 in a checkout of torchdraft, or ACME001.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower case words with hyphens: slow-call.")],
    calls: Annotated[str, typer.Option("--calls", help="A call that it speaks of, as in a model: 'time.sleep(0)'.")],
    severity: Annotated[Severity, typer.Option("--severity", help="How far its issues reach.")] = Severity.NOTE,
    folder: Annotated[Path, typer.Option("--folder", help="Where to write another package's rule.")] = Path(),
) -> None:
    """Write a rule that works, with its page, examples and tests, to be changed into what it is to say."""
    with _mistakes_told():
        rule = new_rule(code, name, call=calls, severity=severity)
        for path in write_rule(rule, folder):
            typer.echo(paths.shown(str(path)))
        if not rule.own:
            entry = f'{code} = "PACKAGE.{rule.file}:{rule.cls}"'
            typer.echo(f'\nIn the pyproject.toml of its package:\n[project.entry-points."{GROUP}"]\n{entry}')


@app.command()
def schema(
    of: Annotated[
        Document, typer.Argument(help="What `export --json` or `check --format json` writes.")
    ] = Document.REPORT,
) -> None:
    """Print the JSON Schema of reports, or of checks."""
    typer.echo(schema_text(report_schema() if of is Document.REPORT else check_schema()), nl=False)


def _write(program: Any, output: Path | None, json: Path | None) -> None:
    import torchdraft

    if output is not None:
        with replacing(output, "-o") as temporary:
            torchdraft.save(program, temporary)
    if json is not None:
        with replacing(json, "--json") as temporary:
            temporary.write_text(program._report.to_json() + "\n", encoding="utf-8")


def _print_check(checked: Check, form: Format) -> None:
    console = Console()
    if form is Format.TEXT and console.is_terminal:
        for renderable in render_check(checked):
            console.print(renderable)
    else:
        typer.echo(_check_text(checked, form), nl=False)


def _check_text(checked: Check, form: Format) -> str:
    if form is Format.GITHUB:
        return render_github(checked)
    if form is Format.JSON:
        return to_json(checked) + "\n"
    if form is Format.SARIF:
        return render_sarif(checked, all_rules(), version=version("torchdraft")) + "\n"
    return as_text(render_check(checked)) + "\n"


def _print_report(report: Report | Verification) -> None:
    console = Console()
    if console.is_terminal:
        console.print(report)
    else:
        typer.echo(str(report))


def _told_written(*paths: Path | None) -> None:
    for path in paths:
        if path is not None:
            _stderr().print(Text(f"wrote {path} ({words.size(path.stat().st_size)})", style="dim"))


@contextmanager
def _progress(what: str, quiet: bool) -> Iterator[None]:
    """A spinner on a terminal; silence elsewhere, where lines of progress would only fill a log."""
    console = _stderr()
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(Text(f"{what} …")):
        yield


@contextmanager
def _mistakes_told() -> Iterator[None]:
    try:
        yield
    except Mistake as mistake:
        for number, (label, text) in enumerate(mistake.parts()):
            style = "bold" if number else "bold red"
            _stderr().print(Text.assemble((label if number else "error: ", style), text))
        sys.stdout.flush()
        raise typer.Exit(FAILED) from None


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    app()
