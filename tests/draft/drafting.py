"""Drafts a model and holds the program to the promises: equal on the example, equal or loud on other inputs."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

import torchdraft
from tests.engine.compare import difference
from tests.engine.world import World

SHARED = ("temporary files", "working directory")
"""What other processes change too; the engine's tests look at these."""


@dataclass(frozen=True)
class Draftable:
    """A model, its example, and other inputs: those the program must get right and those it may raise on."""

    model: type[torch.nn.Module]
    example: tuple[Any, ...]
    right: Sequence[tuple[Any, ...]] = ()
    loud: Sequence[tuple[Any, ...]] = ()
    codes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """What stands on the source lines of the reported issues, one text per code."""
    rung: str = "symbolic"
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.model.__name__


def hold_to_the_promises(case: Draftable, **options: Any) -> torch.export.ExportedProgram:
    """Drafts `case` and checks what every draft owes. Returns the program for what a test adds."""
    torch.manual_seed(0)
    model = case.model()
    args = copy.deepcopy(case.example)
    world = World(model, args)
    program = torchdraft.draft_export(model, args, **{**case.options, **options})
    changed = [name for name in world.changes() if name not in SHARED]
    assert not changed, changed
    torch._dynamo.reset()
    for inputs in (case.example, *case.right):
        want = eager(model, inputs)
        assert difference(replay(program)(*copy.deepcopy(inputs)), want) == ""
    for inputs in case.loud:
        assert raises(replay(program), inputs), "an input that takes another path must raise"
    assert program._report.rung == case.rung
    return program


def replay(program: torch.export.ExportedProgram) -> torch.nn.Module:
    """The program as a module with buffers of its own, where torch's shares the model's."""
    module = program.module()
    for owner in module.modules():
        for name, buffer in owner._buffers.items():
            owner._buffers[name] = None if buffer is None else buffer.detach().clone()
    return module


def eager(model: torch.nn.Module, inputs: tuple[Any, ...]) -> Any:
    """What the model itself returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # control flow operators compile themselves, and torch warns of its own work
        return copy.deepcopy(model)(*copy.deepcopy(inputs))


def raises(module: Any, inputs: tuple[Any, ...]) -> bool:
    try:
        module(*copy.deepcopy(inputs))
    except (RuntimeError, AssertionError):
        return True
    return False


def told(program: torch.export.ExportedProgram, *, without: str = "") -> list[tuple[str, str]]:
    """Code and source line of each issue, in the order of the lines."""
    issues = [i for i in program._report.issues if i.code != without]
    placed = sorted(issues, key=lambda i: (i.location.line if i.location else 0, i.code))
    return [(i.code, i.location.source.strip() if i.location else "") for i in placed]
