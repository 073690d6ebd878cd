"""Collects the models and knows which lines of their files belong to which model."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import models

Build = Callable[[], tuple[Any, ...]]
MARK = "@model"


@dataclass(frozen=True, slots=True)
class Section:
    """The lines `first` to `last` (inclusive, counted from 1) of a file."""

    file: Path
    first: int
    last: int

    @classmethod
    def starting_at(cls, file: Path, first: int) -> Section:
        """The section of the model whose decorator is on line `first`: it ends before the next decorator."""
        lines = file.read_text().splitlines()
        last = next((n for n in range(first + 1, len(lines) + 1) if lines[n - 1].startswith(MARK)), len(lines) + 1) - 1
        return cls(file, first, last)

    def lines(self) -> list[tuple[int, str]]:
        """The lines with their numbers."""
        return list(enumerate(self.file.read_text().splitlines(), 1))[self.first - 1 : self.last]


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the ledger."""

    build: Build
    options: dict[str, Any]
    """Further arguments of `draft_export`."""

    @property
    def section(self) -> Section:
        """The part of the file that belongs to the model."""
        code = self.build.__code__
        return Section.starting_at(Path(code.co_filename), code.co_firstlineno)


MODELS: dict[str, Model] = {}
"""The models by name. Empty until `load_all` has run."""


def model(build: Build | None = None, **options: Any) -> Any:
    """Registers a model under the name of the decorated function. `options` go to `draft_export`."""

    def register(build: Build) -> Build:
        if build.__name__ in MODELS:
            raise ValueError(f"two models are named {build.__name__}")
        MODELS[build.__name__] = Model(build, options)
        return build

    return register if build is None else register(build)


def load_all() -> dict[str, Model]:
    """Imports every file of `models/` and returns the models by name."""
    for module in pkgutil.iter_modules(models.__path__, f"{models.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(MODELS.items()))
