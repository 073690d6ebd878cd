"""Declares polyfills of torch functions and finds the one for a call.

    @polyfill(torch.linspace, why="Upstream specializes a symbolic number of steps.")
    def linspace(func, args, kwargs): ...

A polyfill returns the call to make instead, as function, arguments and keyword arguments; often the call as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torchdraft._draft.tracing.declarations import Declarations, place_of

Call = tuple[Any, Any, Any]
"""Function, positional arguments, keyword arguments."""
Rewrite = Callable[[Any, Any, Any], Call]


@dataclass(frozen=True, slots=True)
class Polyfill:
    """One declared polyfill."""

    functions: tuple[Any, ...]
    rewrite: Rewrite
    why: str


POLYFILLS: Declarations[Polyfill] = Declarations("polyfill of", __package__)
_rewrites: dict[Any, Polyfill] = POLYFILLS.units


def polyfill(*functions: Any, why: str) -> Callable[[Rewrite], Rewrite]:
    """Declares `def f(func, args, kwargs) -> Call` for functions and methods of torch, as function modes receive them.

    Raises `ValueError` for a function that has a polyfill already.
    """

    def declare(rewrite: Rewrite) -> Rewrite:
        unit = Polyfill(functions, rewrite, why)
        for function in functions:
            POLYFILLS.add(function, unit, place_of(rewrite))
        return rewrite

    return declare


def polyfilled(func: Any, args: Any, kwargs: Any) -> Call:
    """The call to make instead of `func(*args, **kwargs)`. Knows the polyfills once `POLYFILLS.load()` was called."""
    found = _rewrites.get(func)
    return (func, args, kwargs) if found is None else found.rewrite(func, args, kwargs)
