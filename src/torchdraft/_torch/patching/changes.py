"""Changes made to objects for a while. Each one's undo is noted before the change is made.

A KeyboardInterrupt may be raised between any two bytecodes. Therefore every undo is idempotent, it is noted before the
change, and it is forgotten only after it has run. What an interrupted `__exit__` leaves is found by `undo_since`.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

from torchdraft._torch.probe import need

_ConfigModule: Any = need("torch.utils._config_module:ConfigModule")
_ABSENT: Any = object()


class Changes:
    """A context manager: `make(changes)` makes the changes on entry; they are undone in reverse order on exit."""

    def __init__(self, make: Callable[[Changes], None] | None = None) -> None:
        self._make = make
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Changes:
        try:
            _open().append(self)
            if self._make is not None:
                self._make(self)
        except BaseException:
            self.undo()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.undo()

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """Sets `owner.name`. An attribute that `owner` inherited or did not have is deleted again."""
        self._undo.append(partial(_restore_attribute, owner, name, own_attribute(owner, name)))
        setattr(owner, name, value)

    def item(self, mapping: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Sets `mapping[key]`."""
        self._undo.append(partial(_restore_item, mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def warning_filters(self) -> None:
        """Makes a copy of Python's warning filters effective, which may be edited."""
        saved = warnings.catch_warnings()

        def restore() -> None:
            with suppress(RuntimeError, AttributeError):  # an interrupt came before, or in the middle of, `__enter__`
                saved.__exit__(None, None, None)

        self._undo.append(restore)
        saved.__enter__()

    def afterwards(self, undo: Callable[[], object]) -> None:
        """Notes an undo, which must be idempotent, for a change that the caller is about to make."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Undoes the changes that were not undone yet."""
        try:
            self._undo_noted()
        finally:  # once more: an interrupt may have ended the first
            self._undo_noted()
            if self in _open():
                _open().remove(self)

    def _undo_noted(self) -> None:
        failed: Exception | None = None
        while self._undo:
            try:
                self._undo[-1]()
            except Exception as error:
                failed = failed or error
            self._undo.pop()
        if failed is not None:
            raise failed


def patched(owner: Any, name: str, value: Any) -> Changes:
    """A context in which `owner.name` is `value`."""
    return Changes(lambda changes: changes.attribute(owner, name, value))


def own_attribute(owner: Any, name: str) -> Any:
    """The attribute as `owner` itself stores it (a classmethod object, say); a marker where it stores none."""
    if isinstance(owner, _ConfigModule):
        return getattr(owner, name)
    return vars(owner).get(name, _ABSENT)


def _restore_attribute(owner: Any, name: str, before: Any) -> None:
    if before is not _ABSENT:
        setattr(owner, name, before)
    elif name in vars(owner):
        delattr(owner, name)


def _restore_item(mapping: MutableMapping[Any, Any], key: Any, before: Any) -> None:
    if before is not _ABSENT:
        mapping[key] = before
    else:
        mapping.pop(key, None)


_per_thread = threading.local()


def _open() -> list[Changes]:
    """The changes of this thread that are in force, oldest first."""
    if not hasattr(_per_thread, "changes"):
        _per_thread.changes = []
    found: list[Changes] = _per_thread.changes
    return found


def mark() -> int:
    """How many changes of this thread are in force; for `undo_since`."""
    return len(_open())


def undo_since(marked: int) -> None:
    """Undoes every change that this thread made since `mark()` and that is still in force.

    After an exception there is none, unless a KeyboardInterrupt was raised at the first bytecodes of an `__exit__`. A
    caller that must survive this calls it in two nested `finally` clauses: one interrupt ends only one of them.
    """
    for changes in reversed(_open()[marked:]):
        changes.undo()
