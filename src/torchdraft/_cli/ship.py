"""`torchdraft ship`: write a program for another runtime, run it there, and say what became of each assumption."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .shared.arguments import PATHS_HELP, Paths, QuietOption, TracebackOption
from .shared.console import print_report, print_written, usage_errors_printed
from .shared.program_file import read_program
from .shared.progress import progress


class Runtime(StrEnum):
    """The runtimes."""

    ONNX = "onnx"
    EXECUTORCH = "executorch"
    AOTI = "aoti"


class Asserted(StrEnum):
    """How the shipped program says that an assumption does not hold."""

    RAISE = "raise"
    OUTPUT = "output"
    OFF = "off"


ENDINGS = {Runtime.ONNX: ".onnx", Runtime.EXECUTORCH: ".pte", Runtime.AOTI: ".pt2"}


def ship(
    program: Annotated[
        str,
        typer.Argument(metavar="PROGRAM", help="A saved program (.pt2), or a TARGET: file.py:callable, to draft it."),
    ],
    to: Annotated[Runtime, typer.Option("--to", help="The runtime.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file: .onnx, .pte, or .pt2 for aoti.")],
    assertions: Annotated[
        Asserted,
        typer.Option(
            "--assertions",
            help="What happens where an assumption does not hold: an operator fails, outputs say so, nothing.",
        ),
    ] = Asserted.RAISE,
    n: Annotated[int, typer.Option("-n", min=0, help="How many inputs to run; 0 for none.")] = 8,
    paths: Annotated[Paths, typer.Option("--paths", help=PATHS_HELP)] = Paths.EXAMPLE,
    quiet: QuietOption = False,
    _traceback: TracebackOption = False,
) -> None:
    """Write a program for another runtime, with its assumptions, and compare runs of it with eager.

    Exit status: 0 if every assumption is checked and no run was wrong, 1 otherwise, 2 if no file was written.
    """
    with usage_errors_printed():
        from torchdraft._targets.output import check_writable

        check_writable(output, "-o", ENDINGS[to])
        made, model = _program(program, paths, quiet)
        shipment = _shipped(made, model, to, output, assertions, n, quiet)
        print_report(shipment)
        print_written(output)
    sys.stdout.flush()
    raise typer.Exit(0 if shipment.ok else 1)


def _program(text: str, paths: Paths, quiet: bool) -> tuple[Any, Any]:
    """The program, and its model if that was drafted here."""
    from torchdraft._targets.drafting import draft
    from torchdraft._targets.target import load_target

    if not text.endswith(".pt2"):
        with progress(f"loading {text}", quiet):
            found = load_target(text)
        with progress(f"drafting {type(found.model).__name__}", quiet):
            return draft(found, paths=paths.value), found.model
    with progress(f"reading {text}", quiet):
        return read_program(Path(text), "a program that was saved (.pt2), or file.py:callable"), None


def _shipped(made: Any, model: Any, to: Runtime, output: Path, assertions: Asserted, n: int, quiet: bool) -> Any:
    import torchdraft
    from torchdraft._targets.usage_error import UsageError

    write: Any = getattr(torchdraft, f"to_{to.value}")
    with progress(f"writing {output}", quiet):
        try:
            return write(made, output, model=model, trials=n, assertions=assertions.value)
        except ImportError as error:
            raise UsageError(str(error), expected=f"the packages of the runtime {to.value}") from error
        except Exception as error:
            raise UsageError(
                f"no file for {to.value}: {type(error).__name__}: {' '.join(str(error).split())[:500]}",
                expected="a program whose operators the runtime's exporter can translate",
            ) from error
