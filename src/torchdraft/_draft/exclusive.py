"""One draft at a time in a process, and none beside another thread's export or compilation.

torch keeps the state of an export in module globals (`_CURRENT_MAKE_FX_TRACER`, `_EXPORT_FLAGS`, a patcher of module
calls), so that two exports in two threads break each other. A draft waits for those that run, and those that begin
while it runs wait for it. Threads that work for the draft do not wait.
"""

from __future__ import annotations

import inspect
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from torchdraft._torch.patching.registry import applied, patches
from torchdraft._torch.patching.scopes import EXCLUSIVE
from torchdraft._torch.probe import need

from .tracing.draft_threads import belongs, joined

log = logging.getLogger("torchdraft")

_LOCK = threading.RLock()
_ENTRIES: tuple[str, str] = ("torch.export._trace:_export", "torch._dynamo.convert_frame:CatchErrorsWrapper.__call__")
"""Where an export and a compilation begin."""
_POLL = 0.01
"""Seconds between two looks at the other threads. Upstream has no lock of its own to wait for."""


@contextmanager
def exclusive() -> Iterator[None]:
    """In this block the calling thread drafts, and no other thread drafts, exports or compiles."""
    with _held(), joined(), applied(EXCLUSIVE):
        _wait_for_others()
        yield


@patches(
    *_ENTRIES,
    scope=EXCLUSIVE,
    why="Upstream keeps the state of an export in module globals: two of them in two threads break each other.",
)
def others_wait(original: Callable[..., Any]) -> Callable[..., Any]:
    """Another thread that begins an export or a compilation waits until the draft is done."""

    def after_the_draft(*args: Any, **kwargs: Any) -> Any:
        if belongs():
            return original(*args, **kwargs)
        with _held():
            return original(*args, **kwargs)

    return after_the_draft


@contextmanager
def _held() -> Iterator[None]:
    """Holds the lock. A thread that has to wait says so in the log."""
    if not _LOCK.acquire(blocking=False):
        log.info("waiting for a draft in another thread")
        _LOCK.acquire()
    try:
        yield
    finally:
        _LOCK.release()


_CODES = {inspect.unwrap(need(path)).__code__ for path in _ENTRIES}


def _wait_for_others() -> None:
    """Waits until no other thread is inside an export or a compilation that began before this draft."""
    reported = threading.active_count() == 1
    own = threading.get_ident()
    while any(_is_busy(frame) for thread, frame in sys._current_frames().items() if thread != own):
        if not reported:
            log.info("waiting for an export or a compilation in another thread")
            reported = True
        time.sleep(_POLL)


def _is_busy(frame: FrameType | None) -> bool:
    """Whether a thread is inside an export or a compilation. One that waits for a draft in there does not move on."""
    busy = False
    while frame is not None:
        if frame.f_code is _HELD:
            return False
        busy = busy or frame.f_code in _CODES
        frame = frame.f_back
    return busy


_HELD: CodeType = inspect.unwrap(_held).__code__
