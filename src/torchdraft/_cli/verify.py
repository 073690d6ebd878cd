"""`torchdraft verify`: compare a target's model with its program, which is drafted or read from a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared.arguments import QuietOption, TargetArgument, TracebackOption
from .shared.console import (
    STDOUT,
    check_json_option,
    output_of_models,
    print_report,
    print_written,
    usage_errors_printed,
    write_json,
)
from .shared.program_file import read_program
from .shared.progress import progress

if TYPE_CHECKING:
    from torchdraft._targets.target import Target
    from torchdraft.model import Verification

Progress = Callable[[str], AbstractContextManager[None]]


def verify(
    target: TargetArgument,
    n: Annotated[int, typer.Option("-n", min=1, help="How many inputs to run, including the example.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The seed of the drawn inputs and random states.")] = 0,
    program: Annotated[
        Path | None, typer.Option("--program", help="A saved program (.pt2). By default TARGET's model is drafted.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the result there (.json), or to standard output (-).")
    ] = None,
    quiet: QuietOption = False,
    _traceback: TracebackOption = False,
) -> None:
    """Run TARGET's program and model on the same inputs and report where they differ.

    Exit status: 0 if the program is right or raises, 1 if it is silently wrong and no issue of severity baked says so,
    2 if the call, the model or the program is broken.
    """
    with usage_errors_printed():
        check_json_option(json)
        with output_of_models(json):
            found = run_verify(target, program, n, seed, partial(progress, quiet=quiet))
        print_report(found, to_stderr=json == STDOUT)
        write_json(found.to_json(), json)
        print_written(json)
    sys.stdout.flush()
    raise typer.Exit(0 if found.ok else 1)


def run_verify(target: str, program: Path | None, n: int, seed: int, progress: Progress) -> Verification:
    """Run both on `n` inputs. Raises `UsageError` if the program, the model or the example inputs are missing."""
    import torchdraft
    from torchdraft._targets.raised import raised
    from torchdraft._targets.target import load_target

    with progress(f"loading {target}"):
        found = load_target(target)
    made = _program(found, program, progress)
    with progress(f"verifying {type(found.model).__name__}"):
        try:
            return torchdraft.verify(made, found.model, n=n, seed=seed)
        except (Exception, SystemExit) as error:
            expected = "a program that carries its example inputs, and the model it was made from"
            raise raised(f"verifying {type(found.model).__name__} raised", error, expected) from error


def _program(found: Target, path: Path | None, progress: Progress) -> Any:
    from torchdraft._targets.drafting import draft

    if path is not None:
        with progress(f"reading {path}"):
            _register_classes(found)
            return _with_the_weights_of(found, read_program(path), path)
    with progress(f"drafting {type(found.model).__name__}"):
        return draft(found)


def _register_classes(found: Target) -> None:
    """Another process has to register the classes of a program's inputs and outputs before it loads it."""
    from torchdraft._targets.raised import raised
    from torchdraft._verify.same_model import register_classes

    try:
        register_classes(found.model, found.args, found.kwargs)
    except (Exception, SystemExit) as error:
        what = f"running {type(found.model).__name__} on its example raised"
        raise raised(what, error, "a model that runs eagerly on its example") from error


def _with_the_weights_of(found: Target, program: Any, path: Path) -> Any:
    """The program. Raises `UsageError` if its weights are not the target's, since then every result differs."""
    from torchdraft._targets.usage_error import UsageError
    from torchdraft._verify.same_model import other_values

    if not (names := other_values(program, found.model)):
        return program
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    raise UsageError(
        f"{str(path)!r} was made with other values of {shown}",
        expected="a program of the target's model with the target's weights",
        advice="load a checkpoint in the target, or call torch.manual_seed before the model is made",
    )
