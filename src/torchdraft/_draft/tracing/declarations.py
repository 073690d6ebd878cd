"""Units that are declared one by one, each in its own file: host reads, polyfills, replaced builtins, watchers."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

Unit = TypeVar("Unit")


def place_of(function: Callable[..., Any]) -> str:
    """Where a unit is declared that `function` implements."""
    return f"{function.__module__}.{function.__qualname__}"


class Declarations(Generic[Unit]):
    """The units of one kind. A unit is found because its module is in one of `packages`, or because it was imported."""

    def __init__(self, kind: str, *packages: str) -> None:
        self.kind = kind
        self.packages = packages
        self.units: dict[Any, Unit] = {}
        self._places: dict[Any, str] = {}
        self._loaded = False

    def add(self, key: Any, unit: Unit, place: str) -> None:
        """Declares `unit`, which is written at `place`, for `key`. Raises `ValueError` for a key that has a unit."""
        other = self._places.get(key, place)
        if other != place:  # the same place: its module is imported again after a failed import
            name = getattr(key, "__name__", key)
            raise ValueError(f"the {self.kind} {name} is declared twice: by {other} and by {place}")
        self.units[key] = unit
        self._places[key] = place

    def load(self) -> None:
        """Imports every module of the packages, so that what they declare is known."""
        if not self._loaded:
            for package in self.packages:
                for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
                    importlib.import_module(module.name)
            self._loaded = True

    @contextmanager
    def restored(self) -> Iterator[None]:
        """A context at whose end the units that were declared in it are removed; for tests."""
        self.load()
        units, places = dict(self.units), dict(self._places)
        try:
            yield
        finally:
            for mapping, before in ((self.units, units), (self._places, places)):
                mapping.clear()
                mapping.update(before)
