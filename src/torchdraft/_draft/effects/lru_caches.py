"""Functions under `functools.lru_cache`: while a trace runs they fill a cache of its own.

No tensor of the trace is ever handed to somebody else's call, and no real one of an earlier call becomes a constant.
Symbolic numbers among the arguments are looked up in no cache: finding them there would fix them.

A function that no name leads to keeps its cache. If a symbolic number was hashed, which is what it takes to be stored,
the caches filled since are emptied.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.state.namespaces import Namespace, names_replaced
from torchdraft._draft.state.reachable_code import is_followed
from torchdraft._source.functions import CachedFunction, plain_function
from torchdraft._stack.user_stack import user_stack
from torchdraft._tape.provenance import depends_on, holds_symbol
from torchdraft._torch import pytree
from torchdraft.model.events import OutsideStateWritten

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


@contextmanager
def separate_lru_caches(context: TraceContext, namespaces: list[Namespace]) -> Iterator[None]:
    """Replaces each cached function of `namespaces` by one with an empty cache, and tells of tensors left in it."""
    taken: list[tuple[Namespace, str, Any]] = []
    made: dict[int, Any] = {}
    for space in namespaces:
        for name, value in space.names.items():
            inner = plain_function(value) if isinstance(value, CachedFunction) else None
            if inner is not None and is_followed(inner.__module__):
                taken.append((space, name, value))
                made.setdefault(id(value), _anew(value, f"{space.label}.{name}", context))
    with names_replaced(taken, made):
        yield


def _anew(cached: Any, name: str, context: TraceContext) -> Any:
    own: Callable[..., Any] = cached.__wrapped__

    @functools.wraps(own)
    def watched(*args: Any, **kwargs: Any) -> Any:
        value = own(*args, **kwargs)
        tensors = [t for t in pytree.tree_leaves(value) if isinstance(t, torch.Tensor)]
        if tensors:
            context.log.emit(_left(name, tensors, context))
        return value

    cache = functools.lru_cache(**cached.cache_parameters())(watched)

    @functools.wraps(own)
    def looked_up(*args: Any, **kwargs: Any) -> Any:
        return (watched if holds_symbol((args, kwargs)) else cache)(*args, **kwargs)

    for method in ("cache_info", "cache_clear", "cache_parameters"):
        setattr(looked_up, method, getattr(cache, method))
    return looked_up


class UnreachedCaches:
    """Empties the caches that a trace may have put symbolic numbers into."""

    def __init__(self) -> None:
        self._misses: dict[int, tuple[Any, int]] | None = None

    def watch(self) -> None:
        """A symbolic number is about to be hashed: for a dictionary of the trace's own, or for a cache."""
        if self._misses is None:
            self._misses = {id(cached): (cached, cached.cache_info().misses) for cached in _caches()}

    def empty(self) -> None:
        """Empties those that were filled since."""
        if self._misses is None:
            return
        for cached in _caches():
            if cached.cache_info().misses != self._misses.get(id(cached), (cached, 0))[1]:
                cached.cache_clear()
        self._misses = None


def _caches() -> list[Any]:
    """Every cached function there is that may be part of a model."""
    found = [thing for thing in gc.get_objects() if type(thing) is CachedFunction]
    return [cached for cached in found if is_followed(getattr(cached, "__module__", None))]


def clear_caches(codes: Set[CodeType]) -> None:
    """Empties the caches of functions with that code, whether a name leads to them or not."""
    for cached in [thing for thing in gc.get_objects() if type(thing) is CachedFunction] if codes else ():
        inner = plain_function(cached)
        if inner is not None and inner.__code__ in codes:
            cached.cache_clear()


def _left(name: str, tensors: list[torch.Tensor], context: TraceContext) -> OutsideStateWritten:
    same = not depends_on(context.tape, tensors, context.input_cells())
    return OutsideStateWritten(stack=user_stack(3), name=name, same_each_time=same)
