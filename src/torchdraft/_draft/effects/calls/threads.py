"""Threads: what the model starts, or gives work to, works for the draft. The tracer sees none of its tensors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from torchdraft._draft.effects.protocol import WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.draft_threads import belongs, join, joined, parted
from torchdraft._stack.user_stack import user_stack
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import Frame


@watches(why="The fake mode is active in one thread only, so the graph lacks what other threads compute.")
class Threads(Watcher):
    """Remembers the line that last gave work to a thread, and makes that thread work for the draft."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self.last_start: tuple[Frame, ...] = ()
        """The user's line that last gave work to a thread; empty where none did."""

    def install(self, changes: Changes, at_draft: Snapshot) -> None:
        """Makes the drafting thread work for the draft, and follows threads and work items from there."""
        join(changes)
        changes.attribute(threading.Thread, "start", self._starting(threading.Thread.start))
        changes.attribute(ThreadPoolExecutor, "submit", self._submitting(ThreadPoolExecutor.submit))

    def _starting(self, original: Callable[..., None]) -> Callable[..., None]:
        def start(thread: threading.Thread) -> None:
            if not belongs():
                original(thread)
                return
            self.last_start = user_stack() or self.last_start
            undo = _join_at_start(thread)
            try:
                original(thread)
            except BaseException:
                undo()
                raise

        return start

    def _submitting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """A worker may serve threads of the draft and others: whose work it does depends on the work item."""

        def submit(executor: ThreadPoolExecutor, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            member = belongs()
            if member:
                self.last_start = user_stack() or self.last_start

            def run(*args: Any, **kwargs: Any) -> Any:
                with joined() if member else parted():
                    return work(*args, **kwargs)

            return original(executor, run, *args, **kwargs)

        return submit


def _join_at_start(thread: threading.Thread) -> Callable[[], None]:
    """Makes a thread join the draft when it runs. Returns the undo, for a thread that did not start."""
    before = vars(thread).get("run")

    def undo() -> None:
        if vars(thread).get("run") is run and before is None:
            del thread.run
        elif vars(thread).get("run") is run:
            vars(thread)["run"] = before

    def run() -> None:
        undo()
        with joined():
            thread.run()

    vars(thread)["run"] = run
    return undo
