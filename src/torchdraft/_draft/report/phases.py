"""Seconds spent per phase of a draft."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class Phases:
    """Seconds spent per phase. `with phases("trace"): …` adds to one."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._began = time.perf_counter()

    def since_start(self) -> float:
        """Seconds since the call began."""
        return time.perf_counter() - self._began

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began
