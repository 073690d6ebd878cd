"""Checks one model with one exporter: graph, results on the example and elsewhere, save and load, eager afterwards."""

from __future__ import annotations

import copy
import io
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..compare import difference, tensors
from ..isolate import peak_bytes, reset_peak, resident_bytes
from .registry import Example, Model

SCALE = 10.0
"""Factor by which the tolerances exceed those of the fuzzer, because real models accumulate more."""

EXPORTERS = ("export", "draft_export", "torchdraft")


@dataclass(slots=True)
class Result:
    """The result of each step. An empty text means success."""

    model: str
    exporter: str
    dynamic: bool
    graph: str = "not run"
    example: str = "not run"
    other: str = "not run"
    saved: str = "not run"
    eager_after: str = "not run"
    seconds: float = 0.0
    growth: int = 0
    rung: str = ""
    issues: dict[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True if all steps succeeded."""
        return not any((self.graph, self.example, self.other, self.saved, self.eager_after))

    @property
    def failure(self) -> str:
        """A description of the first failed step."""
        steps = {
            "no graph": self.graph,
            "wrong on the example": self.example,
            "silently wrong elsewhere": self.other,
            "save and load": self.saved,
            "eager changed": self.eager_after,
        }
        return next((f"{step}: {text}" for step, text in steps.items() if text), "")


def exporter(name: str) -> Callable[..., Any]:
    """The exporter with this name."""
    if name == "torchdraft":
        import torchdraft

        return torchdraft.draft_export
    return {"export": torch.export.export, "draft_export": torch.export.draft_export}[name]


def seeded(module: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls the module on copies of the inputs under a fixed random state."""
    args, kwargs = copy.deepcopy((args, kwargs))
    seed()
    return module(*args, **kwargs)


def seed() -> None:
    """Sets the random state for every run and draft. A draft depends on it if a model reads random numbers."""
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)


def check(model: Model, name: str, dynamic: bool) -> Result:
    """All steps of the check, in this process."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    result = Result(model.name, name, dynamic)
    module, args, kwargs, shapes = model.build()
    shapes = shapes if dynamic else None
    expected = seeded(model.build()[0], args, kwargs)
    program = draft(exporter(name), (module, args, kwargs, shapes), result)
    if program is None:
        return result
    result.saved = saved_and_loaded(program, args, kwargs, expected)
    try:
        replay = Replay(program.module())
    except Exception as error:
        result.example = one_line(error)
        return result
    result.example = compared(lambda: replay(args, kwargs), expected)
    if not result.example:
        result.other = other_input(model, replay, program, shapes)
    replay.restore()  # the program shares its buffers with the model
    result.eager_after = compared(lambda: seeded(module, args, kwargs), expected)
    return result


class Replay:
    """The program as a module whose every call starts from the same state."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.state = {name: tensor.detach().clone() for name, tensor in self.tensors().items()}

    def tensors(self) -> dict[str, torch.Tensor]:
        """Parameters and buffers."""
        return {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}

    def restore(self) -> None:
        """Restores all parameters and buffers."""
        for name, tensor in self.tensors().items():
            tensor.detach().copy_(self.state[name])

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.restore()
        return seeded(self.module, args, kwargs)


def draft(call: Callable[..., Any], example: Example, result: Result) -> Any:
    """The program with the measured time, or None."""
    module, args, kwargs, shapes = example
    reset_peak()
    before, started = resident_bytes(), time.perf_counter()
    program = None
    seed()
    try:
        program = call(module, args, kwargs, dynamic_shapes=shapes)
    except Exception as error:
        result.graph = one_line(error)
    else:
        result.graph = ""
    result.seconds = time.perf_counter() - started
    result.growth = peak_bytes() - before
    report = getattr(program, "_report", None)
    result.rung = str(getattr(report, "rung", ""))
    for issue in getattr(report, "issues", ()):
        key = f"{issue.code} {getattr(issue.severity, 'value', issue.severity)}"
        result.issues[key] = result.issues.get(key, 0) + 1
    return program


def saved_and_loaded(program: Any, args: tuple[Any, ...], kwargs: dict[str, Any], expected: Any) -> str:
    """The error of the program after save and load, or an empty text."""
    buffer = io.BytesIO()
    try:
        torch.export.save(program, buffer)
        buffer.seek(0)
        loaded = torch.export.load(buffer).module()
    except Exception as error:
        return one_line(error)
    return compared(lambda: seeded(loaded, args, kwargs), expected)


def compared(call: Callable[[], Any], expected: Any) -> str:
    """The error in the result of the call, or an empty text."""
    try:
        actual = call()
    except Exception as error:
        return one_line(error)
    return difference(expected, actual, loose=True, scale=SCALE) or ""


def other_input(model: Model, replay: Replay, program: Any, shapes: Any) -> str:
    """The silent error of the program on other values and sizes. Raising is allowed."""
    module, args, kwargs, _ = model.build()
    args, kwargs = changed(args, kwargs, shapes)
    try:
        expected = seeded(module, args, kwargs)
    except Exception:
        return ""
    try:
        actual = replay(args, kwargs)
    except Exception:
        return ""
    found = difference(expected, actual, loose=True, scale=SCALE)
    baked = any(
        str(getattr(issue.severity, "value", issue.severity)) == "baked"
        for issue in getattr(getattr(program, "_report", None), "issues", ())
    )
    return "" if found is None or baked else found


def changed(args: tuple[Any, ...], kwargs: dict[str, Any], shapes: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs with other values, and one more element in each dynamic dimension."""
    args, kwargs = copy.deepcopy((args, kwargs))
    marks = list(shapes.values()) if isinstance(shapes, dict) else []
    grown = iter(marks)
    plain = [another(value, next(grown, None)) for value in args]
    named = {
        key: another(value, shapes.get(key) if isinstance(shapes, dict) else None) for key, value in kwargs.items()
    }
    return tuple(plain), named


def another(value: Any, dims: Any) -> Any:
    """A similar tensor with other values and sizes. Other objects are returned unchanged."""
    if not isinstance(value, torch.Tensor):
        for tensor in tensors(value):
            if tensor.is_floating_point():
                tensor.mul_(0.9)
        return value
    for dim in dims or ():
        value = torch.cat([value, value.narrow(dim, 0, 1)], dim)
    if value.is_floating_point():
        return value.flip(-1) * 0.9 + 0.01 if value.dim() else value * 0.9
    return value


def one_line(error: BaseException) -> str:
    """An exception as one line."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:160]}"
