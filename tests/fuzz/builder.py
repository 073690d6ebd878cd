"""Builds a program one statement at a time and runs each statement when it is added.

A statement runs on the example inputs and on one set of other inputs. If it raises or its numbers grow too large, it is
discarded. The resulting program runs eagerly, and usually runs on other inputs as well.
"""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from .program import PRELUDE, Statement, indent, seed_everything

Environment = dict[str, Any]
Predicate = Callable[[Any], bool]

LARGEST_VALUE = 1e3
LARGEST_NUMEL = 4096


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The inputs of `forward`: its parameters, the source of `inputs`, and the dynamic shapes."""

    signature: str
    source: str
    prologue: tuple[str, ...]
    """Statements that unpack containers into plain names."""
    names: tuple[str, ...]
    """Names that the body can use after the prologue."""
    features: tuple[str, ...]


@dataclass(slots=True)
class Builder:
    """The program so far, and its values on two sets of inputs."""

    rng: random.Random
    spec: InputSpec
    statements: list[Statement] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)
    """Attributes, with the line of `__init__` that sets them."""
    classes: list[str] = field(default_factory=list)
    """Source of the submodules' classes."""
    region: str | None = None
    environments: list[Environment] = field(default_factory=list)
    counter: int = 0

    def __post_init__(self) -> None:
        self.restart()

    # -- names and values

    def new(self) -> str:
        """An unused variable name."""
        self.counter += 1
        return f"v{self.counter}"

    def variables(self, wanted: Predicate) -> list[str]:
        """Variables whose value on the example satisfies `wanted`, oldest first."""
        values = self.environments[0]
        return [name for name in values if self.is_variable(name) and wanted(values[name])]

    def is_variable(self, name: str) -> bool:
        """True for inputs and for variables that statements assign."""
        return name in self.spec.names or (name[0] == "v" and name[1:].isdigit())

    def pick(self, wanted: Predicate) -> str | None:
        """A variable that satisfies `wanted`, preferably a recent one, or None."""
        names = self.variables(wanted)
        if not names:
            return None
        return names[-1] if self.rng.random() < 0.35 else self.rng.choice(names)

    def value(self, name: str) -> Any:
        """The value of a variable on the example."""
        return self.environments[0][name]

    def one_of(self, *choices: str) -> str:
        """One of these texts."""
        return self.rng.choice(choices)

    def number(self) -> str:
        """A float literal of moderate size."""
        return f"{self.rng.choice([-1, 1]) * self.rng.randint(1, 8) * 0.25}"

    # -- growing

    def attribute(self, name: str, line: str) -> str:
        """Adds `line` to `__init__` unless `self.name` exists. Returns the expression for the attribute."""
        if name not in self.state:
            self.state[name] = line
            for environment in self.environments:
                run_source(line, environment)
        return f"self.{name}"

    def emit(self, text: str, feature: str) -> bool:
        """Adds the statement if it runs and its numbers stay moderate. True if it was added."""
        statement = Statement(text, feature, self.region)
        if self.runs(statement):
            self.statements.append(statement)
            return True
        self.restart()
        return False

    def runs(self, statement: Statement) -> bool:
        """Runs a statement in both environments. False if it must be discarded."""
        try:
            run_source(statement.lines, self.environments[0])
        except Exception:
            return False
        if len(self.environments) > 1:
            try:
                run_source(statement.lines, self.environments[1])
            except Exception:
                if self.rng.random() > 0.15:
                    return False
                del self.environments[1:]
        return all(tame(value) for value in self.environments[0].values())

    def restart(self) -> None:
        """Rebuilds both environments with the statements so far."""
        self.environments = [self.environment(seed=0), self.environment(seed=1, other=True)]
        for statement in self.statements:
            for environment in list(self.environments):
                with contextlib.suppress(Exception):
                    run_source(statement.lines, environment)

    def environment(self, seed: int, other: bool = False) -> Environment:
        """A namespace to run statements in: the inputs by name, and a module as `self`."""
        values: Environment = {}
        exec(PRELUDE, values)
        exec("\n".join(self.classes), values)
        exec(self.spec.source, values)
        sizes = {name: high - 1 for name, (_, high) in values["DIMS"].items()} if other else {}
        args, kwargs = values["inputs"](seed=seed, **sizes)
        parameters = [part.strip() for part in self.spec.signature.split(",") if part.strip() not in {"self", "*"}]
        values.update(zip((p.split("=")[0] for p in parameters), args, strict=False))
        values.update(kwargs)
        values["self"] = torch.nn.Module()
        seed_everything(0)
        for line in (*self.state.values(), *self.spec.prologue):
            run_source(line, values)
        return values


def run_source(text: str, environment: Environment) -> None:
    """Runs a part of the body without warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "<statement>", "exec"), environment)


def tame(value: object) -> bool:
    """False for tensors with too many elements or too large values."""
    if not isinstance(value, torch.Tensor):
        return not (isinstance(value, (int, float)) and not abs(value) < LARGEST_VALUE)
    if value.numel() > LARGEST_NUMEL:
        return False
    if value.numel() == 0 or not value.is_floating_point():
        return True
    return bool(value.detach().abs().max() < LARGEST_VALUE)


# -- predicates for `Builder.pick`


def is_float(value: object) -> bool:
    """A float tensor with at least one dimension and one element."""
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() > 0 and value.numel() > 0


def is_matrix(value: object) -> bool:
    """A float tensor of two dimensions."""
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() == 2 and value.numel() > 0


def is_tensor(value: object) -> bool:
    """Any tensor."""
    return isinstance(value, torch.Tensor)


def is_integer(value: object) -> bool:
    """An int64 tensor."""
    return isinstance(value, torch.Tensor) and value.dtype == torch.int64 and value.numel() > 0


def is_mask(value: object) -> bool:
    """A bool tensor with dimensions."""
    return isinstance(value, torch.Tensor) and value.dtype == torch.bool and value.dim() > 0


def is_scalar(value: object) -> bool:
    """A tensor with exactly one element."""
    return isinstance(value, torch.Tensor) and value.numel() == 1 and value.dtype != torch.bool


def is_count(value: object) -> bool:
    """A small non-negative Python int."""
    return type(value) is int and 0 <= value <= 8


def is_number(value: object) -> bool:
    """A Python int or float."""
    return type(value) in {int, float}


__all__ = ["Builder", "InputSpec", "indent", "is_count", "is_float", "is_integer", "is_mask", "is_matrix", "is_number"]
