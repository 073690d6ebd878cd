"""Ends a run that takes far too long: a drawn input can keep a model's loop from ending."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STEPS = 1000
"""An exception on its way arrives within a few steps of Python."""


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
    raised = False
    try:
        yield
    except TookTooLong:
        raised = True
        raise TookTooLong(f"not done within {seconds:.0f} s") from None
    finally:
        try:
            with state:
                done = True
            watch.cancel()
            watch.join()
            for _ in range(_STEPS if fired and not raised else 0):
                time.sleep(0)  # the block ended as it fired, and what is on its way arrives here; or it was caught
        except TookTooLong:
            pass


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Only C can raise in another thread (`PyThreadState_SetAsyncExc`). It could take an exception back, too, but then
    CPython 3.11 looks for one before every instruction from there on, and hangs in code that is traced.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
