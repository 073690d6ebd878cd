"""Copies of the user's tensors that share their memory until somebody writes.

An operator that is not torch's own may write to an argument its schema calls read-only. It gets a copy on write of each
tensor of the user's: a weight as large as a layer's experts is then copied only if the operator asks to write to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from torchdraft._torch.fake import same_storage
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft._torch.tensors.storage import StorageWeakRef, copy_with_storage, lazy_copy, may_not_part, own


class CopyOnWrite:
    """The copies on write that are about."""

    def __init__(self) -> None:
        self._lent: list[tuple[torch.Tensor, StorageWeakRef]] = []
        self._parted: set[int] = set()
        """Storages of copies that have memory of their own by now."""

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of the whole storage of `tensor`, in its memory where torch can share it."""
        copy = lazy_copy(tensor)
        if copy is None:
            return copy_with_storage(tensor)
        self._lent.append((tensor, StorageWeakRef(copy.untyped_storage())))
        return copy

    def run(self, op: Callable[[], Any], copies: Sequence[torch.Tensor]) -> Any:
        """What `op` returns. The copies it was given live on, where they do, in memory of their own."""
        if not copies:
            return op()
        try:
            out = op()
        except Exception as error:
            self._part(copies)  # the traceback may hold them for long
            if not may_not_part(error):
                raise
            out = op()
        leaves = [leaf for leaf in flat_outputs(out) if isinstance(leaf, torch.Tensor)]
        self._part([copy for copy in copies if any(same_storage(copy, leaf) for leaf in leaves)])
        return out

    def release(self) -> None:
        """Makes the user's tensors ordinary ones again, at the address they always had. Where a copy still lives, its
        operator kept it: the tensor then stays shared until one of the two is written to.
        """
        for tensor, copy in self._lent:
            if copy.expired() or copy.cdata in self._parted:
                own(tensor)
        self._lent.clear()
        self._parted.clear()

    def _part(self, copies: Sequence[torch.Tensor]) -> None:
        for copy in copies:
            own(copy)
            self._parted.add(StorageWeakRef(copy.untyped_storage()).cdata)
