"""The registry of watchers.

    @watches(why="A program cannot rebind an attribute of the model.")
    class Attributes(Watcher):
        def report(self, forward):
            ...

A watcher is found because its file is in `effects/calls/` or `effects/mutations/`, or because its file was imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from torchdraft._draft.tracing.declarations import Declarations, place_of

from .protocol import WatchedTrace, Watcher

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

WATCHERS: Declarations[type[Watcher]] = Declarations("watcher", f"{__package__}.calls", f"{__package__}.mutations")

W = TypeVar("W", bound=Watcher)


def watches(*, why: str) -> Callable[[type[W]], type[W]]:
    """Declares a watcher under the name of its class. Raises `ValueError` where that name is taken."""

    def declare(watcher: type[W]) -> type[W]:
        watcher.name, watcher.why = watcher.__name__, why
        WATCHERS.add(watcher.name, watcher, place_of(watcher))
        return watcher

    return declare


def watchers_of(trace: WatchedTrace) -> list[Watcher]:
    """An instance of each declared watcher, in order."""
    WATCHERS.load()
    declared = WATCHERS.units
    if missing := [name for name in ORDER if name not in declared]:
        raise LookupError(f"ORDER names watchers that are not declared: {', '.join(missing)}")
    return [declared[name](trace) for name in (*ORDER, *sorted(declared.keys() - {*ORDER}))]
