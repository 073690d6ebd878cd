"""Shared memory of tensors in a recorded run. The tensors are real, so they share their own memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.reads.shared_memory import Alias, SharedMemory, report_address
from torchdraft._torch.dispatch import outside_modes

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

    from .untracked_tensors import UntrackedTensors


class RecordedSharedMemory(SharedMemory):
    """The aliases of a recorded run's tensors."""

    def __init__(self, context: TraceContext, untracked: UntrackedTensors) -> None:
        super().__init__(context)
        self.untracked = untracked

    def _constant(self, content: torch.Tensor) -> torch.Tensor:
        return self.untracked.add_known(content)

    def address(self, tensor: torch.Tensor) -> int:
        self.share(tensor, tensor.detach(), report_address(self.context, tensor, tensor))
        return tensor.data_ptr()

    def refresh(self, value: Any) -> None:
        for alias in self._aliases_of(value):
            self._refresh(alias)

    def _key(self, tensor: torch.Tensor) -> int:
        if tensor.layout is not torch.strided:
            return id(tensor)
        return int(tensor.untyped_storage()._cdata)

    def _version(self, tensor: torch.Tensor) -> Any:  # noqa: ARG002
        return None

    def _refresh(self, alias: Alias) -> None:
        with outside_modes():
            alias.content = alias.memory.clone()
