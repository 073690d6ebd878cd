"""`torchdraft kernels`: write the fake kernels that a model's custom operators need, and check those that exist."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared.console import print_written, usage_errors_printed
from .shared.progress import progress

if TYPE_CHECKING:
    from torchdraft._synthesis.synthesized import SynthesizedKernel

Progress = Callable[[str], AbstractContextManager[None]]

HEAD = '"""Fake kernels, written by torchdraft. Import this file after the operators are defined."""\n\nimport torch\n'


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command."""

    profiles: Path | None = None
    fix: bool = False
    mutable: bool = False
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one operator."""

    op: str
    text: str
    """One line."""
    good: bool
    source: str = ""
    """The kernel to register, if one is needed."""


def kernels(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET|OP",
            help="A target as for export, whose model's custom operators are meant, or an operator: mylib::foo.",
        ),
    ],
    emit: Annotated[Path | None, typer.Option("--emit", help="Write the kernels there (.py).")] = None,
    profiles: Annotated[
        Path | None,
        typer.Option("--profiles", help="Operator profiles (.yaml) that say with which tensors OP is called."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write a kernel in place of a wrong one, too.")] = False,
    imports: Annotated[
        list[str] | None, typer.Option("--import", help="A module that defines the operators. Can be repeated.")
    ] = None,
    mutable: Annotated[
        bool, typer.Option("--mutable", help="Run operators that write to their arguments or have side effects.")
    ] = False,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long to experiment with one operator.")] = 20,
) -> None:
    """Write fake kernels for the custom operators of TARGET's model, or for OP, from runs of their real kernels.

    Exit status: 0 if every operator has a right fake kernel or got an exact one, 1 if not, 2 if the call is wrong or
    the model raises.
    """
    with usage_errors_printed():
        from torchdraft._targets.output import check_writable, replacing

        if emit is not None:
            check_writable(emit, "--emit", ".py")
        options = Options(profiles, fix, mutable, seconds)
        found = list(run_kernels(target, imports or (), options, progress))
        sources = [finding.source for finding in found if finding.source]
        for finding in found:
            typer.echo(f"{finding.op}: {finding.text}")
        if not found:
            typer.echo("The model calls no custom operators.")
        if emit is not None and sources:
            with replacing(emit, "--emit") as temporary:
                temporary.write_text("\n\n".join((HEAD, *sources)), encoding="utf-8")
            print_written(emit)
        elif sources:
            typer.echo("\n" + "\n\n".join(("import torch\n", *sources)))
    sys.stdout.flush()
    raise typer.Exit(0 if all(finding.good for finding in found) else 1)


def run_kernels(target: str, imports: Sequence[str], options: Options, progress: Progress) -> Iterator[Finding]:
    """What became of each operator. Raises `UsageError` for a wrong call."""
    for name in imports:
        _import(name)
    for op, calls in _operators(target, progress):
        with progress(f"experimenting with {op}"):
            finding = _finding(op, calls, options)
        if finding is not None:
            yield finding


def _import(name: str) -> None:
    from torchdraft._targets.usage_error import UsageError

    sys.path.insert(0, str(Path.cwd()))
    try:
        importlib.import_module(name)
    except Exception as error:
        raise UsageError(
            f"--import {name} failed: {type(error).__name__}: {error}", expected="a module that can be imported"
        ) from error


def _operators(target: str, progress: Progress) -> list[tuple[Any, list[Any] | None]]:
    """The operators, each with the calls that are known of it."""
    if "::" in target:
        return [(target, None)]
    from torchdraft._synthesis.gather import calls_of_model
    from torchdraft._targets.target import load_target
    from torchdraft._targets.usage_error import UsageError
    from torchdraft.rules import user_frames_of

    with progress(f"loading {target}"):
        found = load_target(target)
    with progress(f"running {type(found.model).__name__}"):
        try:
            return list(calls_of_model(found.model, found.args, found.kwargs).items())
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"{type(found.model).__name__} raised {type(error).__name__}: {error}",
                expected="a model that runs eagerly on its example: model(*args, **kwargs)",
                frames=user_frames_of(error),
            ) from error


def _finding(op: Any, calls: list[Any] | None, options: Options) -> Finding | None:
    import torchdraft
    from torchdraft._synthesis.gather import is_ours_to_check
    from torchdraft._targets.usage_error import UsageError

    name = op if isinstance(op, str) else op.name()
    if calls is not None and not is_ours_to_check(op):
        return None
    try:
        kernel = torchdraft.synthesize_fake_kernel(
            op, calls, profiles=_profiles(name, options), mutable=options.mutable, seconds=options.seconds
        )
    except torchdraft.SynthesisError as error:
        return Finding(name, str(error), good=False)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error), expected="an operator without a fake kernel, as mylib::foo") from error
    return _judged(kernel, options)


def _profiles(name: str, options: Options) -> Any:
    if options.profiles is None:
        return None
    import torchdraft
    from torchdraft._targets.usage_error import UsageError

    try:
        known = torchdraft.load_op_profiles(options.profiles)
    except (OSError, torchdraft.ProfileFormatError) as error:
        raise UsageError(f"--profiles {str(options.profiles)!r}: {error}", expected="operator profiles") from error
    base, _, overload = name.partition("::")[2].partition(".")
    return known.get(f"{name.partition('::')[0]}.{base}.{overload or 'default'}")


def _judged(kernel: SynthesizedKernel, options: Options) -> Finding:
    if kernel.existing == "right":
        return Finding(kernel.op, f"its fake kernel is right on all {kernel.runs} calls that were made", good=True)
    text = (
        "it has no fake kernel; "
        if kernel.existing == "missing"
        else f"its fake kernel is wrong: {kernel.counterexample}; "
    )
    if kernel.existing == "wrong" and not options.fix:
        return Finding(kernel.op, text + "--fix writes a kernel in its place", good=False)
    return Finding(kernel.op, text + described(kernel), good=kernel.exact, source=kernel.source)


def described(kernel: SynthesizedKernel) -> str:
    """How good a kernel is, in short."""
    if kernel.failures:
        return f"the kernel that was written fails: {kernel.failures[0]}"
    kind = "exact" if kernel.exact else "not all sizes are known"
    sizes = f" ({'; '.join(kernel.open_sizes)})" if kernel.open_sizes else ""
    return f"a kernel was written: {kind}{sizes}"
