"""Copy-on-write copies of the user's tensors for custom operators.

A custom operator may write to an argument that its schema declares read-only. It therefore gets a copy of each tensor
of the user. The copy shares the memory until one of the two is written to, so a large weight is rarely copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from torchdraft._torch.symbolic.fake import same_storage
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft._torch.tensors.storage import (
    StorageWeakRef,
    cannot_materialize,
    copy_with_storage,
    lazy_copy,
    materialize,
)


class CopyOnWrite:
    """The copies of one trace."""

    def __init__(self) -> None:
        self._shared: list[tuple[torch.Tensor, StorageWeakRef]] = []
        self._parted: set[int] = set()
        """Storages of copies that no longer share memory."""

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of the whole storage of `tensor`. It shares the memory if torch supports that for this storage."""
        copy = lazy_copy(tensor)
        if copy is None:
            return copy_with_storage(tensor)
        self._shared.append((tensor, StorageWeakRef(copy.untyped_storage())))
        return copy

    def run(self, op: Callable[[], Any], copies: Sequence[torch.Tensor]) -> Any:
        """Calls `op` and returns its result. Copies that the result or an exception keeps alive stop sharing memory."""
        if not copies:
            return op()
        try:
            out = op()
        except Exception as error:
            self._part(copies)  # the traceback may keep them alive
            if not cannot_materialize(error):
                raise
            out = op()
        leaves = [leaf for leaf in flat_outputs(out) if isinstance(leaf, torch.Tensor)]
        self._part([copy for copy in copies if any(same_storage(copy, leaf) for leaf in leaves)])
        return out

    def release(self) -> None:
        """Makes the user's tensors ordinary ones again, at their original addresses. If an operator kept a copy, its
        tensor stays shared until one of the two is written to.
        """
        for tensor, copy in self._shared:
            if copy.expired() or copy.cdata in self._parted:
                materialize(tensor)
        self._shared.clear()
        self._parted.clear()

    def _part(self, copies: Sequence[torch.Tensor]) -> None:
        for copy in copies:
            materialize(copy)
            self._parted.add(StorageWeakRef(copy.untyped_storage()).cdata)
