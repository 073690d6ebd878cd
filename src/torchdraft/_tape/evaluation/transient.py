"""Decides which values a transient run may drop.

The check of a fake kernel needs the outputs of an operator once. If every value on the way there stayed in memory, the
trace would hold as much as an eager run with gradients. A transient run therefore drops a large value after its last
use, unless another demand asked for it as well.

A dropped value may be needed again later. The first time this happens, dropping stops for good, so no record runs more
than twice because of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from torchdraft._tape.tape import Version

LARGE = 1 << 20
"""Values with at least this many bytes are dropped."""


class TransientValues:
    """The versions that only transient runs have computed, and those of them that were dropped.

    Versions are marked, not boxes: a box dies when nothing holds it, and a version that is computed again gets another.
    """

    def __init__(self) -> None:
        self.active = False
        """True during a transient run."""
        self.missed = False
        """True once a dropped value was needed again. Nothing is dropped after that."""
        self._candidates: weakref.WeakSet[Version] = weakref.WeakSet()
        self._dropped: weakref.WeakSet[Version] = weakref.WeakSet()

    @contextmanager
    def run(self, active: bool = True) -> Iterator[None]:
        """Values stored inside the block are marked as computed by a transient run if `active`."""
        previous, self.active = self.active, active
        try:
            yield
        finally:
            self.active = previous

    def note_stored(self, version: Version) -> None:
        """Marks a version whose value has just been computed. A demand outside of transient runs keeps it for good."""
        if self.active:
            self._candidates.add(version)
        else:
            self._candidates.discard(version)

    def may_drop(self, version: Version) -> bool:
        """True if the value of `version` may go after its last use in the slice."""
        return not self.missed and version in self._candidates

    def note_dropped(self, version: Version) -> None:
        """Marks a version whose value was dropped."""
        self._dropped.add(version)

    def note_needed(self, version: Version) -> list[Version]:
        """Notes that a missing value is needed. If a transient run dropped it, and this is the first such case: all
        versions that were dropped. Otherwise an empty list.
        """
        if self.missed or version not in self._dropped:
            return []
        self.missed = True
        return list(self._dropped)
