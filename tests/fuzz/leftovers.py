"""Checks that a draft leaves inputs, module, random state, global settings, modes, kernels and files unchanged."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import random
import sys
import tempfile
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.compare import difference, tensors, walk

from .program import Inputs

_OPS_WITHOUT_KERNEL = ("shift", "keep_positive", "halves")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state before a draft."""

    module: torch.nn.Module
    inputs: Inputs
    namespace: types.ModuleType
    input_copies: list[torch.Tensor]
    attributes: dict[str, tuple[object, object]]
    """Each attribute as `(identity, copy of the content)`."""
    world: dict[str, Any]

    @classmethod
    def take(cls, module: torch.nn.Module, inputs: Inputs, namespace: types.ModuleType) -> Snapshot:
        """The current state of everything that a draft might change."""
        copies = [tensor.detach().clone() for tensor in tensors(inputs)]
        return cls(module, inputs, namespace, copies, attributes(module), world())

    def leftovers(self) -> list[str]:
        """Descriptions of all changes."""
        found = [f"{frames} left active" for frames in active_modes()]
        found += self.changed_inputs() + self.changed_attributes() + self.fakes_left()
        after = world()
        found += [f"{name} changed" for name, before in self.world.items() if not same(before, after[name])]
        return found

    def changed_inputs(self) -> list[str]:
        """Inputs whose values changed."""
        pairs = zip(self.input_copies, tensors(self.inputs), strict=True)
        changes = (difference(before, after.detach()) for before, after in pairs)
        return [f"input {index}: {change}" for index, change in enumerate(changes) if change is not None]

    def changed_attributes(self) -> list[str]:
        """Parameters, buffers and attributes that were changed, replaced, added or removed."""
        after = attributes(self.module)
        found = [f"module attribute {name} is gone" for name in self.attributes.keys() - after.keys()]
        for name, (value, copy) in after.items():
            if name not in self.attributes:
                found.append(f"module attribute {name} is new")
            elif self.attributes[name][0] is not value:
                found.append(f"module attribute {name} was replaced")
            elif (change := difference(self.attributes[name][1], copy)) is not None:
                found.append(f"module attribute {name} changed: {change}")
        return found

    def fakes_left(self) -> list[str]:
        """Tensors of the trace in the globals of the program."""
        values = {
            name: value
            for name, value in vars(self.namespace).items()
            if isinstance(value, (dict, list, torch.Tensor)) and not name.startswith("__")
        }
        held = [path for path, leaf in walk(values, "globals") if isinstance(leaf, torch.Tensor) and foreign(leaf)]
        return [f"{path} holds a tensor of the trace" for path in held]


def foreign(tensor: torch.Tensor) -> bool:
    """True for a tensor subclass other than Parameter."""
    return type(tensor) not in {torch.Tensor, torch.nn.Parameter}


def attributes(module: torch.nn.Module) -> dict[str, tuple[object, object]]:
    """Every attribute of every submodule by dotted name, with a copy of its content."""
    found: dict[str, tuple[object, object]] = {}
    for path, child in module.named_modules():
        for name, value in vars(child).items():
            contents = value.items() if isinstance(value, dict) else [("", value)]
            for key, part in contents:
                if not isinstance(part, torch.nn.Module):
                    found[f"{path}.{name}.{key}".strip(".")] = (identity(part), copied(part))
    return found


def identity(value: object) -> object:
    """The object itself if it must stay the same object (tensors and containers), else None."""
    return value if isinstance(value, (torch.Tensor, dict, list)) else None


def copied(value: object) -> object:
    """A copy of tensors and containers, so that later writes can be found."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone() if not foreign(value) else repr(type(value))
    if isinstance(value, (list, tuple)):
        return [copied(part) for part in value]
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: copied(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(type(value))


def world() -> dict[str, Any]:
    """Global state, by name."""
    torch_log = logging.getLogger("torch")
    return {
        "torch's random state": torch.get_rng_state().clone(),
        "Python's random state": random.getstate(),
        "NumPy's random state": str(np.random.get_state()),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "autocast": (
            torch.is_autocast_enabled("cpu"),
            torch.get_autocast_dtype("cpu"),
            torch.is_autocast_cache_enabled(),
        ),
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "thread count": torch.get_num_threads(),
        "registered fake kernels": registered_kernels(),
        "environment": dict(os.environ),
        "working directory": os.getcwd(),
        "temporary files": sorted(os.listdir(tempfile.gettempdir())),
        "torch's log level": (torch_log.level, len(torch_log.handlers)),
        "profile hook": sys.getprofile(),
        "trace hook": sys.gettrace(),
    }


def same(before: object, after: object) -> bool:
    """Equality that also compares tensors."""
    if isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor):
        return torch.equal(before, after)
    return bool(before == after)


def active_modes() -> list[str]:
    """Python functions that run when torch computes something. There are none unless a mode is still active."""
    seen: list[str] = []

    def record(frame: types.FrameType, event: str, argument: object) -> None:
        if event == "call":
            seen.append(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_qualname}")

    tensor, previous = torch.ones(2), sys.getprofile()
    sys.setprofile(record)
    try:
        torch.add(tensor, 1)
    finally:
        sys.setprofile(previous)
    return seen[:1]


def registered_kernels() -> tuple[str, ...]:
    """Custom operators that have a fake kernel although the fuzzer registers none."""
    found = []
    for name in _OPS_WITHOUT_KERNEL:
        with contextlib.suppress(Exception):
            getattr(torch.ops.fuzz, name)(torch.empty(3, device="meta"))
            found.append(name)
    return tuple(found)
