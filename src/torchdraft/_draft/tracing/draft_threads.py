"""Which threads work for the draft that runs: the drafting thread, and those that were given work by one that does.

Patches of torch, Python and the model's namespaces are process-wide while a model is traced. What they do beside the
original, they do for these threads alone: another thread that reads a clock or opens a file is not the model's doing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_MEMBERS: dict[int, int] = {}
"""Identity of a thread → how often it joined. A plain dictionary: its operations are atomic under the GIL."""


def belongs() -> bool:
    """Whether the running thread works for a draft."""
    return threading.get_ident() in _MEMBERS


@contextmanager
def joined() -> Iterator[None]:
    """In this block the running thread works for the draft."""
    thread = threading.get_ident()
    _MEMBERS[thread] = _MEMBERS.get(thread, 0) + 1
    try:
        yield
    finally:
        leave(thread)


def leave(thread: int) -> None:
    """The thread works for the draft once less."""
    left = _MEMBERS.get(thread, 1) - 1
    if left > 0:
        _MEMBERS[thread] = left
    else:
        _MEMBERS.pop(thread, None)
