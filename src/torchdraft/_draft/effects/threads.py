"""Where the model hands work to threads: what comes back was made where no tracer looks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torchdraft._stack.user_stack import user_stack

if TYPE_CHECKING:
    from torchdraft._draft.tracing.session import Session


@contextmanager
def thread_starts_noted(session: Session) -> Iterator[None]:
    """Remembers the user's line at which a thread was given work last."""
    watched: list[tuple[Any, str]] = [(threading.Thread, "start"), (ThreadPoolExecutor, "submit")]
    own = [getattr(owner, name) for owner, name in watched]
    for (owner, name), function in zip(watched, own, strict=True):
        setattr(owner, name, _noting(function, session))
    try:
        yield
    finally:
        for (owner, name), function in zip(watched, own, strict=True):
            setattr(owner, name, function)


def _noting(own: Any, session: Session) -> Any:
    def noted(*args: Any, **kwargs: Any) -> Any:
        session.thread_started_at = user_stack(2) or session.thread_started_at
        return own(*args, **kwargs)

    return noted
