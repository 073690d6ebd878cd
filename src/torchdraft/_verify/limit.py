"""Ends a run that takes far too long: a drawn input can keep a model's loop from ending."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TookTooLong(BaseException):
    """A run was ended. No `Exception`, so that a model that catches those does not go on."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises `TookTooLong` in this thread, between two steps of Python, when the block is not done in time."""
    thread = threading.get_ident()
    state = threading.Lock()
    done = fired = False

    def end() -> None:
        nonlocal fired
        with state:
            if not done:
                fired = True
                _raise_in(thread, TookTooLong)

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield
    except TookTooLong:
        raise TookTooLong(f"not done within {seconds:.0f} s") from None
    finally:
        with state:
            done = True
        watch.cancel()
        watch.join()
        if fired:
            _raise_in(thread, None)  # takes back what has not been raised yet


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Only C can raise in another thread (`PyThreadState_SetAsyncExc`)."""
    raised = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
