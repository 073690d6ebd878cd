"""Interrupts a run that takes too long: on a drawn input, a loop of the model may not terminate."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STEPS = 1000
"""A pending exception is raised within a few bytecode instructions."""


class TookTooLong(BaseException):
    """A run was interrupted. Not an `Exception`, so that a model that catches exceptions does not continue."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises `TookTooLong` in this thread, between two bytecode instructions, if the block takes longer."""
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
                time.sleep(0)  # the timer fired as the block ended: let the pending exception be raised here
        except TookTooLong:
            pass


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Only the C API can raise in another thread (`PyThreadState_SetAsyncExc`). It can also cancel a pending exception,
    but after that CPython 3.11 checks for one before every instruction, and hangs in traced code.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
