"""Shared memory of tensors in a recorded run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._torch.dispatch import outside_modes

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

    from .untracked_tensors import UntrackedTensors
from torchdraft._draft.reads.shared_memory import SharedMemory, SharedView, report_address


class RecordedSharedMemory(SharedMemory):
    """Loans of a recorded run: its tensors are real, and lent themselves."""

    def __init__(self, context: TraceContext, outsiders: UntrackedTensors) -> None:
        super().__init__(context)
        self.outsiders = outsiders

    def _constant(self, content: torch.Tensor) -> torch.Tensor:
        return self.outsiders.know(content)

    def address(self, tensor: torch.Tensor) -> int:
        self.lend(tensor, tensor.detach(), report_address(self.context, tensor, tensor))
        return tensor.data_ptr()

    def after(self, value: Any) -> None:
        for loan in self._touched(value):
            self._renew(loan)

    def _key(self, tensor: torch.Tensor) -> int:
        if tensor.layout is not torch.strided:
            return id(tensor)
        return int(tensor.untyped_storage()._cdata)

    def _version(self, tensor: torch.Tensor) -> Any:  # noqa: ARG002
        return None

    def _renew(self, loan: SharedView) -> None:
        with outside_modes():
            loan.seen = loan.memory.clone()
