"""The registry of watchers.

    @watches(why="A program cannot rebind an attribute of the model.")
    class Attributes(Watcher):
        def report(self, forward):
            ...

A watcher is found because its file is in `effects/calls/` or `effects/mutations/`, or because its file was imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from .protocol import WatchedTrace, Watcher

PACKAGES = ("torchdraft._draft.effects.calls", "torchdraft._draft.effects.mutations")
"""The packages whose modules are imported before the watchers of a trace are made."""

ORDER = (
    "Threads",  # first: what the watchers after it install acts in the threads that work for the draft
    "NondeterministicCalls",
    "FileQueries",
    "WatchedCalls",  # after the watchers of functions: where a rule watches the same one, its wrapper is the outer one
    # The rest is the order in which a report lists the side effects of one line.
    "ReboundTensors",  # first: its `end` puts the tables of parameters and buffers back
    "Attributes",
    "RegisteredHooks",
    "GlobalState",
    "ExternalTensors",
    "HiddenModules",
    "RandomGenerators",  # reports the generators that moved and that no event names yet
    "InputContainers",
)
"""Watchers whose place matters, by name. Any others come after them, by name."""

DECLARED: dict[str, type[Watcher]] = {}
"""Name → watcher."""

W = TypeVar("W", bound=Watcher)


def watches(*, why: str) -> Callable[[type[W]], type[W]]:
    """Declares a watcher under the name of its class. Raises `ValueError` where that name is taken."""

    def declare(watcher: type[W]) -> type[W]:
        name = watcher.__name__
        if name in DECLARED:
            raise ValueError(f"two watchers are called {name}: {DECLARED[name].__module__} and {watcher.__module__}")
        watcher.name, watcher.why = name, why
        DECLARED[name] = watcher
        return watcher

    return declare


def watchers_of(trace: WatchedTrace) -> list[Watcher]:
    """An instance of each declared watcher, in order."""
    _import_declarations()
    missing = [name for name in ORDER if name not in DECLARED]
    if missing:
        raise LookupError(f"ORDER names watchers that are not declared: {', '.join(missing)}")
    names = [*ORDER, *sorted(DECLARED.keys() - {*ORDER})]
    return [DECLARED[name](trace) for name in names]


@cache
def _import_declarations() -> None:
    for name in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(name).__path__):
            importlib.import_module(f"{name}.{module.name}")
