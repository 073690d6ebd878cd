"""`torchdraft verify`: compare a target's model with its program, which is drafted or read from a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from torchdraft._targets.drafting import draft
from torchdraft._targets.dynamic_shapes import check_dynamic_shapes
from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.target import Target, load_target
from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Verification
from torchdraft.rules import user_frames_of

from .arguments import TargetArgument
from .console import print_report, print_written, progress, usage_errors_printed

Progress = Callable[[str], AbstractContextManager[None]]


def verify(
    target: TargetArgument,
    n: Annotated[int, typer.Option("-n", min=1, help="How many inputs to run, including the example.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The seed of the drawn inputs and random states.")] = 0,
    program: Annotated[
        Path | None, typer.Option("--program", help="A saved program (.pt2). By default TARGET's model is drafted.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the result there (.json).")] = None,
) -> None:
    """Run TARGET's program and model on the same inputs and report where they differ.

    Exit status: 0 if the program is right or raises, 1 if it is silently wrong and no issue of severity baked says so,
    2 if the call, the model or the program is broken.
    """
    with usage_errors_printed():
        if json is not None:
            check_writable(json, "--json", ".json")
        found = run_verify(target, program, n, seed, progress)
        if json is not None:
            with replacing(json, "--json") as temporary:
                temporary.write_text(found.to_json() + "\n", encoding="utf-8")
        print_report(found)
        print_written(json)
    sys.stdout.flush()
    raise typer.Exit(0 if found.ok else 1)


def run_verify(target: str, program: Path | None, n: int, seed: int, progress: Progress) -> Verification:
    """Run both on `n` inputs. Raises `UsageError` if the program, the model or the example inputs are missing."""
    import torchdraft

    with progress(f"loading {target}"):
        found = load_target(target)
    made = _program(found, program, progress)
    with progress(f"verifying {type(found.model).__name__}"):
        try:
            return torchdraft.verify(made, found.model, n=n, seed=seed)
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"verifying {type(found.model).__name__} raised {type(error).__name__}: {error}",
                expected="a program that carries its example inputs, and the model it was made from",
                frames=user_frames_of(error),
            ) from error


def _program(found: Target, path: Path | None, progress: Progress) -> Any:
    if path is not None:
        with progress(f"reading {path}"):
            return _read(path)
    check_dynamic_shapes(found.model, found.args, found.kwargs, found.dynamic_shapes)
    with progress(f"drafting {type(found.model).__name__}"):
        return draft(found)


def _read(path: Path) -> Any:
    import torchdraft

    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", expected="--program FILE, a program that was saved (.pt2)")
    try:
        return torchdraft.load(path)
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise UsageError(
            f"{str(path)!r} can't be read: {type(error).__name__}: {text}",
            expected="a program written by torchdraft export, torchdraft.save or torch.export.save",
        ) from error
