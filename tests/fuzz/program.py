"""A generated program: Python source that defines a module, its inputs and its dynamic shapes.

The text is the program. It is what gets printed, shrunk and saved as a test case, and any text that defines `Fuzz`,
`inputs`, `DIMS` and `DYNAMIC_SHAPES` the same way can be checked.
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
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.export import Dim

import tests.fuzz.custom_ops  # registers the fuzz:: operators

CACHE = {}
"""


class Refused(Exception):
    """The text is no program, or does not run eagerly, or not the same way twice."""


@dataclass(frozen=True, slots=True)
class Program:
    """Source text and a name. `features` says what the text was built from."""

    name: str
    source: str
    features: tuple[str, ...] = ()

    @contextmanager
    def loaded(self) -> Iterator[Loaded]:
        """The program imported under its own name, so that stack frames, pickle and inspect find its source."""
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
        """Size name → smallest and largest value it may take. Empty when every shape is static."""
        return self.namespace.DIMS

    @property
    def dynamic_shapes(self) -> Any:
        """What goes to the exporter as `dynamic_shapes`."""
        return self.namespace.DYNAMIC_SHAPES

    def build(self) -> torch.nn.Module:
        """A fresh module; two of them are equal."""
        torch.manual_seed(0)
        return self.namespace.Fuzz()

    def inputs(self, **choice: int | bool) -> Inputs:
        """Fresh inputs; `seed` picks the values, `vary` other Python arguments, the names in `dims` the sizes."""
        make: Callable[..., Inputs] = self.namespace.inputs
        return make(**choice)

    def alternatives(self, count: int) -> list[dict[str, int | bool]]:
        """`count` other choices of inputs: new values always, new sizes and Python arguments in some."""
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
    """One statement of `forward`, with the feature it shows and the `with` line it stands under."""

    text: str
    feature: str
    region: str | None = None
    extra: tuple[str, ...] = field(default=())
    """Features it shows besides."""

    @property
    def lines(self) -> str:
        """The text as it runs: under its region."""
        return self.text if self.region is None else f"{self.region}\n{indent(self.text)}"


def indent(text: str, by: int = 4) -> str:
    """`text` moved to the right."""
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def seed_everything(seed: int) -> None:
    """Same random numbers on both sides of a comparison."""
    import numpy as np

    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)
