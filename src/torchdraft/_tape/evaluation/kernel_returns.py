"""Sees what a kernel written in Python returned, before the dispatcher converts it to what the schema says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_KERNEL = 2
"""Python functions on the stack when the kernel runs: `OpOverload.__call__` and the kernel itself."""


def call_seen(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Calls an operator. Returns its result, and the class of what the Python kernel returned; None for another one.

    Nothing is seen while a profiler runs: `sys.setprofile` cannot put one that is written in C, as `cProfile`, back.
    """
    if sys.getprofile() is not None:
        return func(*args, **kwargs), None
    depth = 0
    seen: Any = None

    def profile(_frame: FrameType, event: str, value: Any) -> None:
        nonlocal depth, seen
        if event == "call":
            depth += 1
        elif event == "return":
            if depth == _KERNEL:
                seen = type(value)
            depth -= 1

    sys.setprofile(profile)
    try:
        out = func(*args, **kwargs)
    finally:
        sys.setprofile(None)
    return out, seen
