"""Calls of the functions that a rule asks to hear of (`Rule.calls`)."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from torchdraft._stack.user_stack import called_by_user, user_stack
from torchdraft.model.events import FunctionCalled

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


@contextmanager
def watched_calls_reported(context: TraceContext, functions: Iterable[str]) -> Iterator[None]:
    """Emits an event for each call that the model's own code makes of `functions`, named with their dots.

    Like every watch of this kind it sees calls through the module (`time.sleep(1)`), not those of a name that was
    imported before.
    """
    with ExitStack() as undo:
        for name in functions:
            owner, attribute = _owner(name)
            if owner is not None:
                own = vars(owner)[attribute]
                setattr(owner, attribute, _watching(own, name, context))
                undo.callback(setattr, owner, attribute, own)
        yield


def _owner(name: str) -> tuple[Any, str]:
    """The module or class that the function can be replaced in; None where nothing like it was imported."""
    *path, attribute = name.split(".")
    for length in range(len(path), 0, -1):
        owner: Any = sys.modules.get(".".join(path[:length]))
        if owner is not None:
            for part in path[length:]:
                owner = getattr(owner, part, None)
            return (owner, attribute) if _replaceable(owner, attribute) else (None, attribute)
    return None, attribute


def _replaceable(owner: Any, attribute: str) -> bool:
    """In a module whatever can be called and is no class; in a class written in Python a plain method."""
    if isinstance(owner, ModuleType):
        own = vars(owner).get(attribute)
        return callable(own) and not isinstance(own, type)
    return isinstance(owner, type) and isinstance(vars(owner).get(attribute), FunctionType)


def _watching(own: Callable[..., Any], name: str, context: TraceContext) -> Callable[..., Any]:
    @functools.wraps(own)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if called_by_user(1) and not context.hooks.threads.is_foreign():
            context.log.emit(FunctionCalled(stack=user_stack(2), function=name))
        return own(*args, **kwargs)

    return watched
