"""Runs a program on one input, and explains what it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._draft.finish.saving.example_inputs import example_inputs
from torchdraft._torch import pytree
from torchdraft._verify.explain.blame import broken_by, report_of
from torchdraft._verify.explain.failure import Failure, failure_of
from torchdraft._verify.inputs.describe import in_words
from torchdraft._verify.inputs.interface import interface_of
from torchdraft.model import Issue


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program did with an input."""

    output: Any = None
    failure: Failure | None = None
    """Why it raised."""
    issues: tuple[Issue, ...] = ()
    """The issues whose assumption the input breaks."""

    def described(self) -> dict[str, str]:
        """Path in the output → dtype, shape and values."""
        return dict(_leaves("output", self.output))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if not pytree.is_registered(type(value)):
        yield path, in_words(value)
        return
    for key, child in pytree.children_with_keys(value):
        yield from _leaves(path + pytree.keystr((key,)), child)


def example_of(program: torch.export.ExportedProgram) -> tuple[tuple[Any, ...], Mapping[str, Any]] | None:
    """The inputs that the program was made with, if it has them."""
    return example_inputs(program)


def run(program: torch.export.ExportedProgram, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Outcome:
    """Runs the program once. What it raises is part of the outcome."""
    module = program.module()
    try:
        with torch.no_grad():
            return Outcome(output=module(*args, **kwargs))
    except Exception as error:
        failure = failure_of(error)
        report = report_of(program)
        return Outcome(failure=failure, issues=_broken(program, failure, report.issues if report is not None else ()))


def _broken(program: torch.export.ExportedProgram, failure: Failure, issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    if failure.kind == "call":
        return ()
    try:
        interface = interface_of(program, [])
    except ValueError:
        interface = None
    return broken_by(failure, issues, interface)
