"""Where the model hands work to threads: the tracer sees nothing of what those compute."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from torchdraft._stack.user_stack import user_stack
from torchdraft._torch.patching.changes import patched
from torchdraft.model.events import Frame


class Threads:
    """The threads around one trace."""

    def __init__(self) -> None:
        self.last_start: tuple[Frame, ...] = ()
        """The user's line that last gave work to a thread."""
        self._foreign: set[int | None] = set()

    def is_foreign(self) -> bool:
        """Whether the running thread ran before the trace began: what it does is not the model's doing."""
        return threading.get_ident() in self._foreign

    @contextmanager
    def watched(self) -> Iterator[None]:
        """In this block, lines that give work to threads are remembered."""
        self._foreign = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
        with (
            patched(threading.Thread, "start", self._noting(threading.Thread.start)),
            patched(ThreadPoolExecutor, "submit", self._noting(ThreadPoolExecutor.submit)),
        ):
            yield

    def _noting(self, own: Any) -> Any:
        def noted(*args: Any, **kwargs: Any) -> Any:
            self.last_start = user_stack(2) or self.last_start
            return own(*args, **kwargs)

        return noted
