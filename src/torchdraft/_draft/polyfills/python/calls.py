"""Replaces functions of Python, where the model's code calls them with a symbolic number or a fake tensor.

    @replaces_calls(math.sqrt, why="...")
    def square_root(number): ...

`builtins.py` replaces what a name holds, for functions that are passed around. Here only calls are replaced: `int` is
also a class, and code that names it without calling it must find Python's own.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from types import FunctionType, MethodType
from typing import Any, TypeVar

from torchdraft._draft.state.reachable_code import is_followed
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.declarations import Declarations, place_of
from torchdraft._source.code.functions import CachedFunction, plain_function
from torchdraft._source.code.redirected_calls import Redirections, redirected
from torchdraft._torch.patching.changes import Changes

from .builtin_classes import MATCHED

Replacement = TypeVar("Replacement", bound=Callable[..., Any])

MODULES = (builtins, math)
"""Modules whose functions are also replaced where code calls them as attributes: `math.sqrt(n)`."""


@dataclass(frozen=True, slots=True)
class ReplacedCalls:
    """One declared replacement."""

    replacement: Any
    why: str


CALLS: Declarations[ReplacedCalls] = Declarations("replacement of calls of", __package__)


def replaces_calls(*originals: Any, why: str) -> Callable[[Replacement], Replacement]:
    """Declares a function that the model's code calls instead of each of `originals`.

    It must do what the original does for arguments that are neither symbols nor fake tensors. Raises `ValueError` for a
    function whose calls are replaced already.
    """

    def declare(replacement: Replacement) -> Replacement:
        for original in originals:
            CALLS.add(original, ReplacedCalls(replacement, why), place_of(replacement))
        return replacement

    return declare


def calls_replaced(snapshot: Snapshot) -> Changes:
    """A context in which the code of the model calls the replacements."""

    def make(changes: Changes) -> None:
        redirections = _redirections(tuple(CALLS.units.items()))
        for function in _functions(snapshot):
            code = function.__code__
            instead = redirected(code, function.__globals__, redirections)
            if instead is not code:
                changes.afterwards(partial(setattr, function, "__code__", code))
                function.__code__ = instead

    return Changes(make)


@lru_cache(1)
def _redirections(units: tuple[tuple[Any, ReplacedCalls], ...]) -> Redirections:
    return Redirections.of({original: unit.replacement for original, unit in units}, MODULES, MATCHED)


def _functions(snapshot: Snapshot) -> Iterator[FunctionType]:
    """The functions of the model's code: those that it reaches by name, and the others of its modules and of the
    classes of its objects, which it may reach in another way.
    """
    yield from snapshot.surroundings.reachable.functions.values()
    for space in snapshot.namespaces():
        if space.of is not None:
            yield from _functions_in(vars(space.of).values())
        elif space.owner is None:
            yield from _functions_in(space.names.values())
            for value in space.names.values():
                if isinstance(value, type) and value.__module__ == space.label:
                    yield from _functions_in(vars(value).values())
                elif type(value) in _TABLES:
                    yield from _functions_in(value.values() if type(value) is dict else value)


_TABLES = (dict, list, tuple)
_WRAPPERS = (property, staticmethod, classmethod, partial, cached_property, MethodType, CachedFunction)


def _functions_in(values: Iterable[Any]) -> Iterator[FunctionType]:
    """The functions of the model among `values`, also those inside a property, a cache or another wrapper."""
    for value in values:
        if isinstance(value, FunctionType):
            if is_followed(value.__module__):
                yield value
            wrapped = plain_function(value) if "__wrapped__" in vars(value) else None
        else:
            wrapped = plain_function(value) if isinstance(value, _WRAPPERS) else None
        if wrapped is not None and is_followed(wrapped.__module__):
            yield wrapped
