"""Which threads work for a draft: the drafting thread, and those that were given work by one that does.

Patches of torch, Python and the model's namespaces are process-wide while a model is traced. Whatever they do beyond
the original, they do in these threads only: another thread that reads a clock or opens a file does not act for the
model.
"""

from __future__ import annotations

import threading

from torchdraft._torch.patching.changes import Changes, patched


class _Thread(threading.local):
    """Each thread has its own value."""

    works_for_draft = False


_thread = _Thread()


def belongs() -> bool:
    """Whether the running thread works for a draft."""
    return _thread.works_for_draft


def join(changes: Changes) -> None:
    """The running thread works for a draft until `changes` are undone."""
    changes.attribute(_thread, "works_for_draft", True)


def joined() -> Changes:
    """A context in which the running thread works for a draft."""
    return Changes(join)


def parted() -> Changes:
    """A context in which the running thread does not work for a draft, whoever started it."""
    return patched(_thread, "works_for_draft", False)
