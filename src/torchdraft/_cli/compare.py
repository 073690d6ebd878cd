"""`torchdraft compare`: how each way to capture a target's model does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .shared.arguments import QuietOption, TargetArgument, TracebackOption
from .shared.console import STDOUT, check_json_option, print_written, usage_errors_printed, write_json
from .shared.progress import progress


def compare(
    target: TargetArgument,
    ways: Annotated[
        list[str] | None, typer.Option("--way", metavar="NAME", help="One of the ways; by default all of them.")
    ] = None,
    limit: Annotated[float, typer.Option("--limit", min=1, help="Seconds that one way may take.")] = 600,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the result there (.json), or to standard output (-).")
    ] = None,
    quiet: QuietOption = False,
    _traceback: TracebackOption = False,
) -> None:
    """Capture TARGET's model with eager, export, export strict, draft_export, torchdraft and torch.compile.

    Prints for each whether it works or why not, whether its result equals eager's, time and memory, which dimensions
    are dynamic, and the graph breaks of torch.compile. Each runs in a process of its own.
    """
    with usage_errors_printed():
        from rich.console import Console

        from torchdraft._compare.compare import compare as each_way
        from torchdraft._compare.table import render, to_json
        from torchdraft._compare.ways import WAYS
        from torchdraft._render.text import as_text
        from torchdraft._targets.target import load_target
        from torchdraft._targets.usage_error import UsageError

        check_json_option(json)
        if unknown := [way for way in ways or () if way not in WAYS]:
            raise UsageError(f"--way {unknown[0]!r}", expected=f"one of {', '.join(map(repr, WAYS))}")
        with progress(f"loading {target}", quiet):
            load_target(target)  # a wrong target is said once, and not for every way
        chosen, results = [way for way in WAYS if not ways or way in ways], []
        found = each_way(target, chosen, limit=limit)
        for number, way in enumerate(chosen, 1):
            with progress(f"{way} ({number} of {len(chosen)})", quiet):
                results.append(next(found))
        if json != STDOUT:
            console = Console()
            if console.is_terminal:
                for renderable in render(results):
                    console.print(renderable)
            else:
                typer.echo(as_text(render(results)))
        write_json(to_json(target, results), json)
        print_written(json)
