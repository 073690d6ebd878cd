"""`torchdraft run`: run a saved program on one input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared.arguments import TracebackOption
from .shared.console import print_written, usage_errors_printed
from .shared.program_file import ProgramArgument, read_program

if TYPE_CHECKING:
    from torchdraft._inspect.run import Outcome

Inputs = tuple[tuple[Any, ...], Mapping[str, Any]]


def run(
    program: ProgramArgument,
    inputs: Annotated[
        str,
        typer.Option(
            "--inputs",
            help="A file of torch.save with a tuple of arguments or (args, kwargs), or a TARGET, whose example is "
            "taken. By default the example that the program was made with.",
        ),
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write what the program returns there (torch.save).")
    ] = None,
    _traceback: TracebackOption = False,
) -> None:
    """Run a program on one input and print what it returns, or which assumption the input breaks.

    Exit status: 0 if it returns, 1 if it raises, 2 if the call is wrong.
    """
    with usage_errors_printed():
        from torchdraft._inspect.run import run as run_program
        from torchdraft._targets.output import check_writable

        if output is not None:
            check_writable(output, "-o", "")
        example = _target(inputs) if inputs and not Path(inputs).is_file() else None  # it may register classes
        loaded = read_program(program)
        args, kwargs = example or _inputs(loaded, inputs)
        outcome = run_program(loaded, args, kwargs)
        _print(outcome)
        if outcome.failure is None and output is not None:
            _save(outcome.output, output)
            print_written(output)
    raise typer.Exit(0 if outcome.failure is None else 1)


def _inputs(program: Any, inputs: str) -> Inputs:
    from torchdraft._inspect.run import example_of
    from torchdraft._targets.usage_error import UsageError

    if inputs:
        return _file(Path(inputs))
    example = example_of(program)
    if example is None:
        raise UsageError("the program carries no example inputs", expected="--inputs FILE or --inputs TARGET")
    return tuple(example[0]), dict(example[1] or {})


def _target(text: str) -> Inputs:
    from torchdraft._targets.target import load_target
    from torchdraft._targets.usage_error import UsageError

    if ":" not in text:
        raise UsageError(f"--inputs: there is no file {text!r}", expected="a file of torch.save, or file.py:callable")
    found = load_target(text)
    return found.args, found.kwargs


def _file(path: Path) -> Inputs:
    import torch

    from torchdraft._targets.usage_error import UsageError
    from torchdraft._verify.inputs.call import given

    try:
        value = torch.load(path, weights_only=True)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise UsageError(
            f"--inputs {str(path)!r} can't be read: {type(error).__name__}: {text}",
            expected="what torch.save((x, y), FILE) writes: a tuple of tensors, numbers and containers of them",
            advice="inputs of other classes come from a target: --inputs file.py:callable",
        ) from error
    value = value if isinstance(value, tuple) else (value,)
    (call,) = given([value], 0)
    return call.args, call.kwargs


def _print(outcome: Outcome) -> None:
    from torchdraft._inspect.text import named

    if outcome.failure is None:
        for path, text in outcome.described().items():
            typer.echo(f"{path}: {text}")
        return
    failure = outcome.failure
    typer.echo(f"raised {failure.text}")
    if failure.condition:
        typer.echo(f"condition: {failure.condition}")
    if failure.location is not None:
        place = f"{failure.location.file}:{failure.location.line}"
        typer.echo(f"line: {place}  {failure.location.source.strip()}".rstrip())
    for issue in outcome.issues:
        typer.echo(f"assumption: {named(issue)}")


def _save(value: Any, path: Path) -> None:
    import torch

    from torchdraft._targets.output import replacing

    with replacing(path, "-o") as temporary:
        torch.save(value, temporary)
