"""Numbers from outside the graph: Python's and NumPy's random numbers, and clocks. A trace freezes what they gave.

The functions are watched where the model's code calls them through their module; a random state that moved unseen is
told without a line.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .events import ImpureCall
from .stacks import asked_by_user, user_stack

if TYPE_CHECKING:
    from .session import Session

_RANDOM = (
    "random",
    "randint",
    "uniform",
    "choice",
    "choices",
    "shuffle",
    "sample",
    "gauss",
    "randrange",
    "normalvariate",
)
_NUMPY = ("rand", "randn", "randint", "random", "uniform", "normal", "choice", "shuffle", "permutation", "default_rng")
_CLOCKS = ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns")


@contextmanager
def impure_calls_told(session: Session) -> Iterator[None]:
    """Emits an event for each call of the model's to Python's or NumPy's random numbers, or to a clock."""
    numpy = sys.modules.get("numpy")
    watched: list[tuple[Any, str, str]] = [(random, name, f"random.{name}") for name in _RANDOM]
    watched += [(time, name, f"time.{name}") for name in _CLOCKS]
    if numpy is not None:
        watched += [(numpy.random, name, f"numpy.random.{name}") for name in _NUMPY]
    owns = [(owner, name, getattr(owner, name)) for owner, name, _ in watched]
    for (owner, name, what), (_, _, own) in zip(watched, owns, strict=True):
        setattr(owner, name, _watching(own, what, session))
    try:
        yield
    finally:
        for owner, name, own in owns:
            setattr(owner, name, own)


def _watching(own: Callable[..., Any], what: str, session: Session) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        if asked_by_user(1):
            session.emit(ImpureCall(stack=user_stack(2), what=what))
        return own(*args, **kwargs)

    return watched


class RandomStates:
    """Whether Python's or NumPy's random state moved, by whatever way."""

    def __init__(self) -> None:
        self.python = random.getstate()
        numpy = sys.modules.get("numpy")
        self.numpy = numpy.random.get_state() if numpy is not None else None

    def moved(self) -> list[str]:
        """The generators whose state is another one now."""
        found = ["random"] if random.getstate() != self.python else []
        if self.numpy is not None:
            now = sys.modules["numpy"].random.get_state()
            if now[2] != self.numpy[2] or (now[1] != self.numpy[1]).any():
                found.append("numpy.random")
        return found
