"""Reads of the layout of sparse tensors."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch.tensors.sparse import count_elements

from ..registry import RecordedRun, SymbolicTrace, host_read

acts_for_caller(__file__)


@host_read(
    count_elements,
    asserted=False,
    why="The number of elements is part of the data. Upstream has no symbol for it; the tensor of values has one.",
)
def nnz(_trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`x._nnz()`: a size of the tensor of values."""
    values, dim = _values(args[0])
    return values.shape[dim]


@nnz.recorded
def _nnz_recorded(_run: RecordedRun, args: Any, _kwargs: Any) -> Any:
    values, dim = _values(args[0])
    torch.ops.aten._assert_tensor_metadata.default(values, list(values.shape))
    return values.shape[dim]


def _values(tensor: torch.Tensor) -> tuple[torch.Tensor, int]:
    """The values of a sparse tensor, and which of their dimensions counts the elements."""
    if tensor.layout is torch.sparse_coo:
        return tensor._values(), 0
    by_row = tensor.layout in (torch.sparse_csr, torch.sparse_bsr)
    pointers = tensor.crow_indices() if by_row else tensor.ccol_indices()
    return tensor.values(), pointers.dim() - 1
