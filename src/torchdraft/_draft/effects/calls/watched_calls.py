"""Calls of the functions that a rule asks for (`Rule.calls`)."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FrameType, FunctionType, ModuleType
from typing import Any, cast

from torchdraft._draft.effects.protocol import Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._stack.user_stack import called_by_user, user_stack
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import FunctionCalled


@watches(why="A rule of the user's reports calls of these functions.")
class WatchedCalls(Watcher):
    """Emits an event for each call that the model's own code makes of `WatchedTrace.calls`.

    It sees calls through the module (`time.sleep(1)`), not those of a name that was imported before.
    """

    def install(self, changes: Changes, at_draft: Snapshot) -> None:
        """Replaces the functions in the modules or classes that have them."""
        for name in self.trace.calls:
            owner, attribute = _owner(name)
            if owner is not None:
                changes.attribute(owner, attribute, _watched(vars(owner)[attribute], name, self.context))


def _owner(name: str) -> tuple[Any, str]:
    """The module or class in which the function can be replaced; None where it was not imported."""
    *path, attribute = name.split(".")
    for length in range(len(path), 0, -1):
        owner: Any = sys.modules.get(".".join(path[:length]))
        if owner is not None:
            for part in path[length:]:
                owner = getattr(owner, part, None)
            return (owner, attribute) if _replaceable(owner, attribute) else (None, attribute)
    return None, attribute


def _replaceable(owner: Any, attribute: str) -> bool:
    """Whether it is a callable of a module, but no class, or a plain method of a class written in Python."""
    if isinstance(owner, ModuleType):
        own = vars(owner).get(attribute)
        return callable(own) and not isinstance(own, type)
    return isinstance(owner, type) and isinstance(vars(owner).get(attribute), FunctionType)


def _watched(original: Callable[..., Any], name: str, context: TraceContext) -> Callable[..., Any]:
    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if belongs() and called_by_user(1):
            context.log.emit(FunctionCalled(stack=user_stack(), function=name))
        return original(*args, **kwargs)

    return watched


_WRAPPER = _watched(len, "", cast(Any, None)).__code__


def past_rules(frame: FrameType | None) -> FrameType | None:
    """The frame that makes a call: the first from `frame` on that is not a wrapper of this watcher."""
    while frame is not None and frame.f_code is _WRAPPER:
        frame = frame.f_back
    return frame
