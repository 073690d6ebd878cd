"""Functions under `functools.lru_cache`: while a trace runs they fill a cache of its own.

No tensor of the trace is ever handed to somebody else's call, and no real one of an earlier call becomes a constant.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from .._reals.provenance import depends_on
from .._torch import pytree
from .events import OutsideStateWritten
from .outside import Namespace
from .reach import CachedFunction, is_followed, plain_function
from .stacks import user_stack

if TYPE_CHECKING:
    from .session import Session


@contextmanager
def caches_of_its_own(session: Session, namespaces: list[Namespace]) -> Iterator[None]:
    """Replaces each cached function of `namespaces` by one with an empty cache, and tells of tensors left in it."""
    taken: list[tuple[Namespace, str, Any]] = []
    made: dict[int, Any] = {}
    for space in namespaces:
        for name, value in space.names.items():
            inner = plain_function(value) if isinstance(value, CachedFunction) else None
            if inner is not None and is_followed(inner.__module__):
                taken.append((space, name, value))
                made.setdefault(id(value), _anew(value, f"{space.label}.{name}", session))
    for space, name, value in taken:
        space.put(name, made[id(value)])
    try:
        yield
    finally:
        for space, name, value in taken:
            space.put(name, value)


def _anew(cached: Any, name: str, session: Session) -> Any:
    own: Callable[..., Any] = cached.__wrapped__

    @functools.wraps(own)
    def watched(*args: Any, **kwargs: Any) -> Any:
        value = own(*args, **kwargs)
        tensors = [t for t in pytree.tree_leaves(value) if isinstance(t, torch.Tensor)]
        if tensors:
            session.emit(_left(name, tensors, session))
        return value

    return functools.lru_cache(**cached.cache_parameters())(watched)


def _left(name: str, tensors: list[torch.Tensor], session: Session) -> OutsideStateWritten:
    same = not depends_on(session.tape, tensors, session.input_cells())
    return OutsideStateWritten(stack=user_stack(3), name=name, same_each_time=same)
