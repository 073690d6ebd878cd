"""What a draft or a verification does now, for whoever shows its progress.

The work says nothing while it runs: it offers a function that describes it, and a command that shows progress calls it
from time to time. A traced operation costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_running: list[Callable[[], str]] = []


@contextmanager
def described(describe: Callable[[], str]) -> Iterator[None]:
    """In this block, `describe` says what runs: `trace: 120 operations, rung symbolic`. Other threads call it."""
    _running.append(describe)
    try:
        yield
    finally:
        _running.remove(describe)


def what_runs() -> str:
    """What the innermost work does now; empty if it says nothing."""
    for describe in _running[-1:]:
        try:
            return describe()
        except Exception:
            return ""  # it changes while it is described; the next look comes soon
    return ""
