"""Measures the phases of a draft."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Phases:
    """Seconds per phase. `with phases("trace"): …` adds to the phase `trace`."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.current = ""
        """The phase that runs now, the innermost one."""
        self._began = time.perf_counter()

    def since_start(self) -> float:
        """Seconds since the object was created."""
        return time.perf_counter() - self._began

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began, outer = time.perf_counter(), self.current
        self.current = name
        try:
            yield
        finally:
            self.current = outer
            self.seconds[name] += time.perf_counter() - began
