"""The command line: parse the arguments, call the API, set the exit status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from torchdraft._command.mistake import Mistake
from torchdraft._command.output import check_writable, replacing
from torchdraft._command.shapes import check_dynamic_shapes
from torchdraft._command.target import Target, load_target
from torchdraft._render import words
from torchdraft.model import Report
from torchdraft.model.schema import schema_text
from torchdraft.rules import all_rules, rule_named, user_frames_of

app = typer.Typer(
    help="A graph, always, and everything that stands between a PyTorch model and a sound export.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

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
            program = _draft(found, strict)
        with _progress("writing", quiet):
            _write(program, output, json)
        if not quiet:
            _print_report(program._report)
            _told_written(output, json)


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
    """List every rule."""
    table = Table(box=None, pad_edge=False)
    for heading in ("code", "name", "usual severity"):
        table.add_column(heading, header_style="dim", no_wrap=True)
    for rule in all_rules():
        table.add_row(rule.code, rule.name, str(rule.severity))
    Console().print(table)


@app.command()
def schema() -> None:
    """Print the JSON Schema of reports (`--json`)."""
    typer.echo(schema_text(), nl=False)


def _draft(found: Target, strict: bool) -> Any:
    """What `draft_export` raises is the model's own exception: it says why eager fails, and where."""
    import torchdraft

    try:
        return torchdraft.draft_export(
            found.model, found.args, dict(found.kwargs), dynamic_shapes=found.dynamic_shapes, strict=strict
        )
    except Exception as error:
        raise Mistake(
            f"drafting {type(found.model).__name__} raised {type(error).__name__}: {error}",
            expected="a model that runs eagerly on its example: model(*args, **kwargs)",
            frames=user_frames_of(error),
        ) from error


def _write(program: Any, output: Path | None, json: Path | None) -> None:
    import torchdraft

    if output is not None:
        with replacing(output, "-o") as temporary:
            torchdraft.save(program, temporary)
    if json is not None:
        with replacing(json, "--json") as temporary:
            temporary.write_text(program._report.to_json() + "\n", encoding="utf-8")


def _print_report(report: Report) -> None:
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
        console = _stderr()
        console.print(Text.assemble(("error: ", "bold red"), mistake.given))
        for label, text in (("expected: ", mistake.expected), ("try: ", mistake.advice)):
            if text:
                console.print(Text.assemble((label, "bold"), text))
        for frame in mistake.frames[-8:]:
            console.print(Text(f"  {words.place(frame)}\n    {frame.source.strip()}".rstrip()))
        sys.stdout.flush()
        raise typer.Exit(FAILED) from None


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    app()
