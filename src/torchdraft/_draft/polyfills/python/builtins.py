"""Replaces Python builtins in the modules of the model's code, where a fake tensor or a symbolic number gives another
result than the real value.

    @replaces_builtin(isinstance, why="...")
    def is_instance(value, classes): ...

Only the model's modules find the replacement: torch must distinguish its symbols from plain numbers.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from torchdraft._draft.state.namespaces import Namespace
from torchdraft._draft.tracing.declarations import Declarations, place_of
from torchdraft._torch.patching.changes import Changes

Replacement = TypeVar("Replacement", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ReplacedBuiltin:
    """One declared replacement."""

    name: str
    replacement: Any
    why: str


BUILTINS: Declarations[ReplacedBuiltin] = Declarations("replacement of the builtin", __package__)


def replaces_builtin(original: Any, *, why: str) -> Callable[[Replacement], Replacement]:
    """Declares a function or class that modules of the model find under the name of the builtin `original`.

    Raises `ValueError` for what is no builtin (a function of `math` is found by another way than by its name), and for
    a builtin that has a replacement already.
    """
    name: str = original.__name__
    if vars(builtins).get(name) is not original:
        raise ValueError(f"{original.__module__}.{name} is not a builtin")

    def declare(replacement: Replacement) -> Replacement:
        BUILTINS.add(original, ReplacedBuiltin(name, replacement, why), place_of(replacement))
        return replacement

    return declare


def builtins_replaced(places: Iterable[Namespace]) -> Changes:
    """A context in which the modules among `places` have the replacements as globals. A module that has a global of
    the same name keeps its own.
    """

    def make(changes: Changes) -> None:
        for place in places:
            for unit in BUILTINS.units.values() if place.is_module else ():
                if unit.name not in place.live:
                    changes.afterwards(partial(_remove, place, unit.name, unit.replacement))
                    place.put(unit.name, unit.replacement)

    return Changes(make)


def _remove(place: Namespace, name: str, replacement: Any) -> None:
    if place.live.get(name) is replacement:  # the model may have assigned the name
        place.drop(name)
