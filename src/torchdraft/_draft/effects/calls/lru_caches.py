"""Functions under `functools.lru_cache`: during a trace the model uses separate, empty caches.

Otherwise a call outside the draft would find a tensor of the trace in a cache, and the trace would bake the real tensor
of an earlier call as a constant. Symbolic numbers among the arguments are not looked up at all, since a hit needs a
comparison, and that would add a guard.

A cached function that no name leads to cannot be replaced. Storing a symbolic number needs its hash; if one was
computed, the caches that were filled since then are cleared at the end of the trace.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Set
from types import CodeType
from typing import Any

import torch

from torchdraft._draft.effects.protocol import WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.namespaces import replace_values
from torchdraft._draft.state.reachable_code import is_followed
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._source.code.functions import CachedFunction, plain_function
from torchdraft._source.code.redirected_calls import original
from torchdraft._stack.user_stack import user_stack
from torchdraft._tape.provenance import depends_on, holds_symbol
from torchdraft._torch import pytree
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import OutsideStateWritten


@watches(why="A cache outlives the trace: its tensors and symbolic numbers would reach calls outside the draft.")
class LruCaches(Watcher):
    """Gives the model's cached functions empty caches, and emits an event for each tensor that is cached."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self._misses: dict[int, tuple[Any, int]] | None = None

    def install(self, changes: Changes, at_draft: Snapshot) -> None:
        """Replaces each cached function that a name of the model's namespaces leads to."""
        changes.afterwards(self._clear_filled)
        instead: dict[int, Any] = {}
        for space in at_draft.namespaces():
            for name, value in space.names.items():
                inner = plain_function(value) if isinstance(value, CachedFunction) else None
                if inner is not None and is_followed(inner.__module__) and id(value) not in instead:
                    instead[id(value)] = _with_separate_cache(value, f"{space.label}.{name}", self.context)
        replace_values(changes, at_draft.namespaces(), instead)

    def symbol_hashed(self) -> None:
        """Called before a symbolic number is hashed: for a dictionary of the model's, or for a cache."""
        if self._misses is None and belongs():
            self._misses = {id(cached): (cached, cached.cache_info().misses) for cached in _caches()}

    def _clear_filled(self) -> None:
        """Clears the caches that were filled since a symbolic number was hashed."""
        if self._misses is None:
            return
        for cached in _caches():
            if cached.cache_info().misses != self._misses.get(id(cached), (cached, 0))[1]:
                cached.cache_clear()
        self._misses = None


def _with_separate_cache(cached: Any, name: str, context: TraceContext) -> Any:
    """The function behind `cached` with an empty cache, which only threads of the draft use."""
    function: Callable[..., Any] = cached.__wrapped__

    @functools.wraps(function)
    def computed(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        tensors = [t for t in pytree.tree_leaves(value) if isinstance(t, torch.Tensor)]
        if tensors:
            context.log.emit(_tensors_cached(name, tensors, context))
        return value

    separate = functools.lru_cache(**cached.cache_parameters())(computed)

    @functools.wraps(function)
    def looked_up(*args: Any, **kwargs: Any) -> Any:
        if not belongs():
            return cached(*args, **kwargs)
        return (computed if holds_symbol((args, kwargs)) else separate)(*args, **kwargs)

    def method(name: str) -> Callable[[], Any]:
        return lambda: getattr(separate if belongs() else cached, name)()

    for each in ("cache_info", "cache_clear", "cache_parameters"):
        setattr(looked_up, each, method(each))
    return looked_up


def _tensors_cached(name: str, tensors: list[torch.Tensor], context: TraceContext) -> OutsideStateWritten:
    same = not depends_on(context.tape, tensors, context.input_cells())
    return OutsideStateWritten(stack=user_stack(), name=name, same_each_time=same)


def _caches() -> list[Any]:
    """All cached functions of the process that may be part of a model."""
    found = [thing for thing in gc.get_objects() if type(thing) is CachedFunction]
    return [cached for cached in found if is_followed(getattr(cached, "__module__", None))]


def clear_caches(codes: Set[CodeType]) -> None:
    """Clears the caches of functions with these code objects, whether a name leads to them or not."""
    codes = {original(code) for code in codes}
    for cached in [thing for thing in gc.get_objects() if type(thing) is CachedFunction] if codes else ():
        inner = plain_function(cached)
        if inner is not None and original(inner.__code__) in codes:
            cached.cache_clear()
