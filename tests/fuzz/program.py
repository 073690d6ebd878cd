"""A generated program: Python source that defines a module, its inputs and its dynamic shapes.

The text is printed, shrunk and saved as a test case. Any text that defines `Fuzz`, `inputs`, `DIMS` and
`DYNAMIC_SHAPES` in the same way can be checked.
"""

from __future__ import annotations

import linecache
import random
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

Inputs = tuple[tuple[Any, ...], dict[str, Any]]

PRELUDE = """\
import copy
import dataclasses
import math
import random
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.export import Dim

import tests.fuzz.custom_ops  # registers the fuzz:: operators
from tests.fuzz import control_flow
from tests.wrappers import Quantized

CACHE = {}


@dataclasses.dataclass
class Kept:
    total: torch.Tensor


def note_mean(module, args, result):
    module.statistics.mul_(0.5).add_(result.detach().mean(0))
"""


class Refused(Exception):
    """The text is not a program, does not run eagerly, or is not deterministic."""


@dataclass(frozen=True, slots=True)
class Program:
    """Source text and a name. `features` lists the features in the text."""

    name: str
    source: str
    features: tuple[str, ...] = ()

    @contextmanager
    def loaded(self) -> Iterator[Loaded]:
        """The program, imported under its name so that stack frames, pickle and inspect find its source."""
        module = types.ModuleType(self.name)
        filename = f"{self.name}.py"
        linecache.cache[filename] = (len(self.source), None, self.source.splitlines(keepends=True), filename)
        sys.modules[self.name] = module
        module.__file__ = filename
        try:
            try:
                exec(compile(self.source, filename, "exec"), module.__dict__)
            except Exception as error:
                raise Refused(f"does not load: {error}") from error
            yield Loaded(module)
        finally:
            sys.modules.pop(self.name, None)
            linecache.cache.pop(filename, None)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An imported program."""

    namespace: types.ModuleType

    @property
    def dims(self) -> dict[str, tuple[int, int]]:
        """The smallest and largest value of each named size. Empty if all shapes are static."""
        return self.namespace.DIMS

    @property
    def dynamic_shapes(self) -> Any:
        """The `dynamic_shapes` for the exporter."""
        return self.namespace.DYNAMIC_SHAPES

    def build(self) -> torch.nn.Module:
        """A new module, equal to every other one."""
        torch.manual_seed(0)
        return self.namespace.Fuzz()

    def inputs(self, **choice: int | bool) -> Inputs:
        """New inputs. `seed` selects the values, `vary` other Python arguments, the names in `dims` the sizes."""
        make: Callable[..., Inputs] = self.namespace.inputs
        return make(**choice)

    def alternatives(self, count: int) -> list[dict[str, int | bool]]:
        """`count` choices of other inputs. All have new values, some have new sizes and Python arguments."""
        picker = random.Random(self.namespace.__name__)
        choices: list[dict[str, int | bool]] = []
        for number in range(1, count + 1):
            choice: dict[str, int | bool] = {"seed": number}
            if number % 2 == 0:
                choice |= {name: picker.randint(low, high) for name, (low, high) in self.dims.items()}
            if number == count:
                choice["vary"] = True
            choices.append(choice)
        return choices


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of `forward`, with its feature and the `with` line that encloses it."""

    text: str
    feature: str
    region: str | None = None
    extra: tuple[str, ...] = field(default=())
    """Further features in the statement."""

    @property
    def lines(self) -> str:
        """The text inside its region."""
        return self.text if self.region is None else f"{self.region}\n{indent(self.text)}"


def indent(text: str, by: int = 4) -> str:
    """`text` indented."""
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def seed_everything(seed: int) -> None:
    """Seeds all generators, so that both sides of a comparison draw the same numbers."""
    import numpy as np

    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)
