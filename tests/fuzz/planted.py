"""Exporters that are wrong in one way each, and one that is right, to test the fuzzer.

They can be used on the command line: `python -m tests.fuzz --exporter tests.fuzz.planted.bakes`. Most of them return no
graph but an object that can be called like a program. The last ones are torchdraft with a bug in its tape, without the
check on the example, which would make the draft continue on another rung.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from tests.fuzz import control_flow
from tests.wrappers import Quantized
from torchdraft import draft_export
from torchdraft._tape.evaluation.evaluate import RealValues
from torchdraft._tape.tape import Cell, Record, Tape, Version
from torchdraft._torch import pytree

Call = Callable[..., Any]


class Called(nn.Module):
    """A module whose forward is a given function."""

    def __init__(self, mod: nn.Module, call: Call) -> None:
        super().__init__()
        self.mod = copy.deepcopy(mod)
        self.call = call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function."""
        return self.call(self.mod, *args, **kwargs)

    def named_buffers(self, *args: Any, **kwargs: Any) -> Any:
        """The buffers by their names in the model."""
        return self.mod.named_buffers(*args, **kwargs)

    def named_parameters(self, *args: Any, **kwargs: Any) -> Any:
        """The parameters by their names in the model."""
        return self.mod.named_parameters(*args, **kwargs)


class Passing(TorchFunctionMode):
    """Passes every call on unchanged."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True, slots=True)
class Issue:
    """The part of an issue that the fuzzer uses."""

    severity: str


@dataclass(frozen=True, slots=True)
class Report:
    """The part of a report that the fuzzer uses."""

    issues: tuple[Issue, ...] = ()
    rung: str = "planted"


@dataclass(frozen=True, slots=True)
class Pretended:
    """Replaces an exported program."""

    called: Called
    _report: Report = Report()

    def module(self) -> nn.Module:
        """The module to call."""
        return self.called


def right(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Calls the model itself, so there is nothing to find."""
    return Pretended(Called(mod, lambda mod, *args, **kwargs: mod(*args, **kwargs)))


def refuses(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Raises instead of returning a graph."""
    raise NotImplementedError("this exporter never gives a graph")


def bakes(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Returns the results of the example for all inputs."""
    own_args, own_kwargs = copied(args, kwargs)
    return Pretended(Called(mod, lambda mod, *args, **kwargs: mod(*copied(own_args, own_kwargs)[0], **own_kwargs)))


def bakes_and_says_so(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Does the same with an issue of severity `baked`."""
    return Pretended(bakes(mod, args, kwargs).called, Report((Issue("baked"),)))


def drops_writes(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Computes on copies of the inputs, so writes to them are lost."""

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = copied(args, kwargs)
        return mod(*args, **kwargs)

    return Pretended(Called(mod, call))


def forgets_state(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Restores buffers after each call, so a second call does not read what the first one wrote."""

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return copy.deepcopy(mod)(*args, **kwargs)

    return Pretended(Called(mod, call))


def runs_the_model(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Runs the model itself on copies of the inputs, and leaves what it wrote into the tensors that it holds."""
    program = right(mod, args, kwargs)
    args, kwargs = copied(args, kwargs)
    mod(*args, **kwargs)
    return program


def lays_out_anew(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Gives the model inputs in the memory layout of the example, without a gradient."""

    def laid_out(value: Any) -> Any:
        return value.detach().clone(memory_format=torch.contiguous_format)

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return mod(
            *pytree.tree_map_only(torch.Tensor, laid_out, args), **pytree.tree_map_only(torch.Tensor, laid_out, kwargs)
        )

    return Pretended(Called(mod, call))


def orders_keywords(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Takes the keyword arguments in the order of the example, whatever their names."""
    names = list(kwargs)

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return mod(*args, **dict(zip(names, kwargs.values(), strict=True)))

    return Pretended(Called(mod, call))


def rounds_weights(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Holds the inner integers of wrapped weights and forgets their scale."""
    program = right(mod, args, kwargs)
    for owner in program.called.mod.modules():
        for name, weight in list(owner._parameters.items()):
            if isinstance(weight, Quantized):
                setattr(owner, name, nn.Parameter(weight.content.float()))
    return program


def keeps_gradients(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Computes gradients as if what an operator saves for them were of the example: here, of a constant."""

    def grad(outputs: Any, inputs: Any, *_others: Any, **_options: Any) -> Any:
        return (torch.ones_like(inputs),)

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        with patch.object(torch.autograd, "grad", grad):
            return mod(*args, **kwargs)

    return Pretended(Called(mod, call))


def loops_twice(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Lets no loop run over fewer than two rows: what is missing is repeated, or made up."""

    def filled(rows: torch.Tensor) -> torch.Tensor:
        missing = rows.new_ones(max(0, 2 - rows.shape[0]), *rows.shape[1:])
        return torch.cat([rows, missing])

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        map_of, scan_of = control_flow.map, control_flow.scan
        with (
            patch.object(control_flow, "map", lambda f, rows, *rest: map_of(f, filled(rows), *rest)),
            patch.object(control_flow, "scan", lambda f, init, rows: scan_of(f, init, filled(rows))),
            patch.object(control_flow, "while_loop", lambda test, step, state: step(*step(*state))),
        ):
            return mod(*args, **kwargs)

    return Pretended(Called(mod, call))


def leaves_the_fast_path_wrong(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Takes the path of training in encoder layers, with dropout."""
    program = right(mod, args, kwargs)
    for owner in program.called.mod.modules():
        if isinstance(owner, nn.TransformerEncoderLayer):
            owner.train()
    return program


def rejects_others(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Raises on every input but the example, which is allowed."""
    first = next((value.clone() for value in args if isinstance(value, torch.Tensor)), None)

    def call(mod: nn.Module, *args: Any, **kwargs: Any) -> Any:
        given = next((value for value in args if isinstance(value, torch.Tensor)), None)
        if given is not None and first is not None and not torch.equal(given, first):
            raise RuntimeError("these are not the example inputs")
        return mod(*args, **kwargs)

    return Pretended(Called(mod, call))


def writes_inputs(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Runs the model on the user's own tensors while exporting."""
    program = right(mod, args, kwargs)
    copy.deepcopy(mod)(*args, **kwargs)
    return program


def writes_module(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> Pretended:
    """Runs the user's own module while exporting, and leaves an attribute on it."""
    program = right(mod, args, kwargs)
    args, kwargs = copied(args, kwargs)
    mod(*args, **kwargs)
    mod.exported = True
    return program


def leaves_mode(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Leaves a function mode active."""
    Passing().__enter__()
    return right(mod, args, kwargs)


def leaves_file(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Leaves a temporary file."""
    import tempfile

    os.close(tempfile.mkstemp()[0])
    return right(mod, args, kwargs)


def aborts(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Ends the process."""
    os.abort()


def hangs(mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None) -> Pretended:
    """Never returns."""
    time.sleep(3600)
    return right(mod, args, kwargs)


def copied(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Copies of the inputs with the same aliasing."""
    found: tuple[tuple[Any, ...], dict[str, Any]] = copy.deepcopy((args, kwargs))
    return found


# -- bugs in the tape


def loses_versions(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> torch.export.ExportedProgram:
    """A write makes no new version, so later reads return the old value."""

    def advance(self: Cell, version: Version) -> None:
        pass

    with patch.object(Cell, "advance", advance):
        return draft_export(mod, args, kwargs, dynamic_shapes=dynamic_shapes, check_on_example=False)


def keeps_stale_views(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> torch.export.ExportedProgram:
    """A view is recorded as an independent tensor, so writes do not propagate between it and its base."""

    def viewed(self: Tape, *_place: Any) -> None:
        return None

    with patch.object(Tape, "_viewed", viewed):
        return draft_export(mod, args, kwargs, dynamic_shapes=dynamic_shapes, check_on_example=False)


def leaks_clones(
    mod: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_shapes: Any = None
) -> torch.export.ExportedProgram:
    """A computed write changes the tensor itself instead of a copy, even if it belongs to the user."""

    def writable_roots(self: RealValues, record: Record) -> dict[Version, torch.Tensor]:
        return {operand.version: self._reader.root(operand.version) for operand in record.writes}

    with patch.object(RealValues, "_writable_roots", writable_roots):
        return draft_export(mod, args, kwargs, dynamic_shapes=dynamic_shapes, check_on_example=False)
