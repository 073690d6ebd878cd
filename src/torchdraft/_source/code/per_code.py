"""Caches of facts about code objects.

Hashing a code object hashes all its instructions and constants. A `forward` of a thousand lines would be hashed for
each of its guards, so the caches go by identity.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

MOST_KNOWN = 1 << 14
"""Facts that one cache holds; beyond it all are forgotten."""


def cached_per_code(function: Callable[Concatenate[CodeType, P], R]) -> Callable[Concatenate[CodeType, P], R]:
    """Remembers the results of a function of a code object and of further hashable arguments."""
    known: dict[tuple[object, ...], tuple[CodeType, R]] = {}

    def cached(code: CodeType, /, *args: P.args, **kwargs: P.kwargs) -> R:
        key = (id(code), *args)
        found = known.get(key)
        if found is None:
            if len(known) >= MOST_KNOWN:
                known.clear()
            # The code object is kept alive, so that no other one gets its identity.
            found = known[key] = (code, function(code, *args, **kwargs))
        return found[1]

    cached.__doc__ = function.__doc__
    return cached


@cached_per_code
def code_key(code: CodeType) -> int:
    """A number of the code object, equal for equal ones, whose hash takes no time."""
    return _numbers.setdefault(code, len(_numbers))


_numbers: dict[CodeType, int] = {}
