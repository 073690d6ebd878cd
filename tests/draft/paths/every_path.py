"""Drafts a model with `paths="all"` and compares the program with the model on inputs that take each side."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import torch

import torchdraft
from tests.draft.drafting import SHARED, raises, replay
from tests.engine.compare import difference
from tests.engine.world import World

UP = torch.tensor([1.0, 2.0, 3.0])
DOWN = torch.tensor([-1.0, -2.0, -5.0])
MIXED = torch.tensor([-1.0, 0.5, 2.0])


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller sees of one call."""

    outputs: Any
    inputs: Any
    buffers: dict[str, torch.Tensor]


def drafted(model: torch.nn.Module, args: tuple[Any, ...], **options: Any) -> torch.export.ExportedProgram:
    """The program of all paths. The model, the inputs and the process are as before."""
    args = copy.deepcopy(args)
    world = World(model, args)
    program = torchdraft.draft_export(model, args, **{"paths": "all", **options})
    changed = [name for name in world.changes() if name not in SHARED]
    assert not changed, changed
    return program


def seen(module: torch.nn.Module, args: tuple[Any, ...]) -> Seen:
    """Calls a module on copies of the inputs."""
    args = copy.deepcopy(args)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = module(*args)
    return Seen(outputs, args, {name: buffer.detach().clone() for name, buffer in module.named_buffers()})


def wrong(model: torch.nn.Module, module: torch.nn.Module, args: tuple[Any, ...]) -> str:
    """What a module does otherwise than the model; empty where there is nothing."""
    want, got = seen(copy.deepcopy(model), args), seen(module, args)
    ours = {name: got.buffers[name] for name in want.buffers if name in got.buffers}
    theirs = {name: buffer for name, buffer in want.buffers.items() if name in got.buffers}
    pairs = (("output", got.outputs, want.outputs), ("input", got.inputs, want.inputs), ("buffer", ours, theirs))
    return next(filter(None, (difference(a, b, where) for where, a, b in pairs)), "")


def outcome(model: torch.nn.Module, program: torch.export.ExportedProgram, args: tuple[Any, ...]) -> str:
    """`right`, `loud` where the program raises, or what is wrong."""
    if raises(replay(program), args):
        return "loud"
    return wrong(model, replay(program), args) or "right"


def kept(program: torch.export.ExportedProgram) -> list[bool]:
    """For each branch of the report, whether both sides are in the program."""
    return [branch.kept for branch in program._report.paths]


def assert_right(model: torch.nn.Module, *inputs: tuple[Any, ...], **options: Any) -> torch.export.ExportedProgram:
    """Every branch is kept, and the program does what the model does on the example, `inputs[0]`, and the others."""
    program = drafted(model, inputs[0], **options)
    found = [outcome(model, program, args) for args in inputs]
    assert set(found) == {"right"}, (found, str(program._report))
    assert kept(program), str(program._report)
    assert all(kept(program)), str(program._report)
    return program


def assert_right_or_loud(
    model: torch.nn.Module, *inputs: tuple[Any, ...], **options: Any
) -> torch.export.ExportedProgram:
    """The program is right on the example, and right or loud on the others, where it is right wherever it can be."""
    program = drafted(model, inputs[0], **options)
    found = [outcome(model, program, args) for args in inputs]
    assert found[0] == "right", str(program._report)
    assert set(found) <= {"right", "loud"}, (found, str(program._report))
    return program
