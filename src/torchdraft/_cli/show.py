"""`torchdraft show`: print what is in a saved program."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from .shared.arguments import TracebackOption
from .shared.console import print_report, usage_errors_printed
from .shared.program_file import ProgramArgument, read_program


def show(
    program: ProgramArgument,
    grep: Annotated[
        str, typer.Option("--grep", metavar="REGEX", help="Nodes whose text or source line has a match.")
    ] = "",
    module: Annotated[
        str, typer.Option("--module", metavar="NAME", help="Nodes of this submodule: encoder.layers.0.")
    ] = "",
    graph: Annotated[bool, typer.Option("--graph", help="The nodes of the graph in the place of its code.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Print the report inside, and nothing else.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    _traceback: TracebackOption = False,
) -> None:
    """Print a program's inputs and outputs, ranges, assertions with the issue behind each, and readable code."""
    with usage_errors_printed():
        import torchdraft
        from torchdraft._inspect.contents import contents, modules_of
        from torchdraft._inspect.text import as_json, as_text
        from torchdraft._targets.usage_error import UsageError

        try:
            pattern = re.compile(grep) if grep else None
        except re.error as error:
            raise UsageError(f"--grep {grep!r}: {error}", expected="a regular expression") from None
        loaded = read_program(program)
        if report:
            try:
                found_report = torchdraft.report(loaded)
            except ValueError as error:
                raise UsageError(f"--report: {str(program)!r} has no report", expected=str(error)) from None
            typer.echo(found_report.to_json()) if json else print_report(found_report)
            return
        if module and module not in (known := modules_of(loaded)):
            raise UsageError(
                f"--module {module!r}", expected=f"one of {', '.join(known) or 'none: it has no submodules'}"
            )
        found = contents(loaded, grep=pattern, module=module)
        typer.echo(as_json(found) if json else as_text(found, graph=graph))
