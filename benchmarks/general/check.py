"""Puts one model through one exporter, and compares the program with eager on the inputs of the model."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..compare import walk
from .registry import Call, Model

RIGHT, LOUD, WRONG = "right", "loud", "WRONG"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the program did on one input."""

    outcome: str
    """`RIGHT`: as eager. `LOUD`: the program raises and eager does not. `WRONG`: anything else."""
    detail: str = ""


@dataclass(slots=True)
class Result:
    """The verdicts for one model and exporter."""

    model: str
    kind: str
    exporter: str
    inputs: int
    """The number of inputs besides the example that eager takes."""
    refused: str = ""
    """Why there is no program."""
    seconds: float = 0.0
    example: Verdict = Verdict(LOUD, "not run")
    others: list[Verdict] = field(default_factory=list)
    raising: list[Verdict] = field(default_factory=list)
    """The verdicts on inputs on which eager raises."""

    def count(self, outcome: str) -> int:
        """The number of other inputs with this outcome."""
        return sum(verdict.outcome == outcome for verdict in self.others)

    @property
    def wrong(self) -> bool:
        """True if the program is wrong anywhere, without saying so."""
        return any(verdict.outcome == WRONG for verdict in (self.example, *self.others, *self.raising))

    @property
    def general(self) -> bool:
        """True if the program is right on every input."""
        return not self.refused and all(
            verdict.outcome == RIGHT for verdict in (self.example, *self.others, *self.raising)
        )


def check(model: Model, exporter: str, export: Callable[..., Any]) -> Result:
    """The verdicts on all inputs, from this process."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    result = Result(model.name, model.kind, exporter, len(model.others))
    args, kwargs = model.example()
    torch.manual_seed(7)
    started = time.perf_counter()
    try:
        program = export(model.build(), args, kwargs, dynamic_shapes=shapes_of(model))
    except Exception as error:
        result.refused = one_line(error)
    result.seconds = time.perf_counter() - started
    if result.refused:
        return result
    try:
        replay = Replay(program.module())
    except Exception as error:
        result.refused = f"no module: {one_line(error)}"
        return result
    result.example = verdict(model, replay, model.example)
    result.others = [verdict(model, replay, call) for call in model.others]
    result.raising = [verdict(model, replay, call) for call in model.refused]
    return result


def shapes_of(model: Model) -> Any:
    """The dynamic shapes to request, with an entry for each argument of the example, as torch.export requires."""
    if model.shapes is None:
        return None
    arguments = inspect.signature(model.build().forward).parameters
    return {name: model.shapes.get(name) for name in arguments}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller sees of one call."""

    outputs: Any
    inputs: Any
    written: dict[str, Tensor]
    """The buffers whose values changed."""


class Replay:
    """The program as a module. Every call starts from the state at the time of the export."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.state = {name: tensor.detach().clone() for name, tensor in module.named_buffers()}

    def __call__(self, call: Call) -> Seen:
        for name, tensor in self.module.named_buffers():
            tensor.detach().copy_(self.state[name])
        return run(self.module, call)


def run(module: torch.nn.Module, call: Call) -> Seen:
    """Calls the module on copies of the inputs under a fixed random state."""
    args, kwargs = call()
    before = {name: tensor.detach().clone() for name, tensor in module.named_buffers()}
    torch.manual_seed(7)
    outputs = module(*args, **kwargs)
    after = {name: tensor.detach().clone() for name, tensor in module.named_buffers()}
    written = {name: tensor for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    return Seen(outputs, (args, kwargs), written)


def verdict(model: Model, replay: Callable[[Call], Seen], call: Call) -> Verdict:
    """What the program does on one input, against a new module in eager."""
    try:
        expected, refusal = run(model.build(), call), ""
    except Exception as error:
        expected, refusal = None, one_line(error)
    try:
        actual = replay(call)
    except Exception as error:
        return Verdict(LOUD, one_line(error)) if expected else Verdict(RIGHT)
    if expected is None:
        return Verdict(WRONG, f"no error, but eager raises {refusal}")
    found = difference(expected, actual)
    return Verdict(WRONG, found) if found else Verdict(RIGHT)


def difference(expected: Seen, actual: Seen) -> str:
    """The first difference that a caller can see, or an empty text."""
    if found := of_trees(expected.outputs, actual.outputs):
        return f"outputs: {found}"
    if found := of_trees(expected.inputs, actual.inputs):
        return f"inputs afterwards: {found}"
    found = of_trees(dict(sorted(expected.written.items())), dict(sorted(actual.written.items())))
    return f"buffers written: {found}" if found else ""


def of_trees(expected: Any, actual: Any) -> str:
    """The first difference in structure, types or values. The order of the keys of a dict does not count."""
    one, two = dict(walk(expected, "")), dict(walk(actual, ""))
    for path in (*one, *two):
        if path not in one or path not in two:
            return f"{path} is there in {'eager' if path in one else 'the program'} only"
        if found := of_leaves(one[path], two[path]):
            return f"{path} {found}".lstrip()
    return ""


def of_leaves(expected: Any, actual: Any) -> str:
    """The difference between two leaves."""
    kind = Tensor if isinstance(expected, Tensor) else type(expected)
    if not isinstance(actual, kind) or isinstance(expected, bool) != isinstance(actual, bool):
        return f"{type(expected).__name__} became {type(actual).__name__}"
    if not isinstance(expected, (Tensor, int, float)):
        return "" if expected == actual else f"{expected!r} became {actual!r}"
    try:
        torch.testing.assert_close(actual, expected, equal_nan=True)
    except AssertionError as error:
        return one_line(error).removeprefix("AssertionError: ")
    return ""


def one_line(error: BaseException) -> str:
    """An exception as one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}"
