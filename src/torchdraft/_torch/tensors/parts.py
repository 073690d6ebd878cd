"""Tensors that are no plain memory (sparse, quantized, of oneDNN), as plain tensors and an operator that joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

_aten = torch.ops.aten


@dataclass(frozen=True, slots=True)
class Parts:
    """`operator(*tensors.values(), *arguments, **named)` is the original tensor."""

    tensors: Mapping[str, torch.Tensor]
    """Name → part. They share the memory of the original tensor where it has such memory."""
    operator: Any
    arguments: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


def parts_of(tensor: torch.Tensor) -> Parts | None:
    """The plain parts of a tensor; None for a plain tensor, and where no operator makes the tensor of plain ones."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        return _of_quantized(tensor)
    split = _BY_LAYOUT.get(tensor.layout)
    return None if split is None else split(tensor)


def _of_coo(tensor: torch.Tensor) -> Parts:
    parts = {"indices": tensor._indices(), "values": tensor._values()}
    known = {"is_coalesced": tensor.is_coalesced()}
    return Parts(parts, _aten._sparse_coo_tensor_unsafe.default, (list(tensor.shape),), known)


def _of_compressed(compressed: str, plain: str) -> Callable[[torch.Tensor], Parts]:
    def split(tensor: torch.Tensor) -> Parts:
        # `data`: otherwise they are views, and a fake tensor of a view is made from the sparse tensor
        parts = {name: getattr(tensor, name)().data for name in (compressed, plain, "values")}
        layout = {"layout": tensor.layout}
        return Parts(parts, _aten._sparse_compressed_tensor_unsafe.default, (list(tensor.shape),), layout)

    return split


def _of_mkldnn(tensor: torch.Tensor) -> Parts:
    return Parts({"dense": tensor.to_dense()}, _aten.to_mkldnn.default)


def _of_quantized(tensor: torch.Tensor) -> Parts | None:
    if tensor.dtype not in (torch.qint8, torch.quint8, torch.qint32):
        return None
    numbers = {"numbers": tensor.int_repr()}
    if tensor.qscheme() is torch.per_tensor_affine:
        scale = (tensor.q_scale(), tensor.q_zero_point())
        return Parts(numbers, _aten._make_per_tensor_quantized_tensor.default, scale)
    if tensor.qscheme() is torch.per_channel_affine:
        scales = {"scales": tensor.q_per_channel_scales(), "zero_points": tensor.q_per_channel_zero_points()}
        axis = (tensor.q_per_channel_axis(),)
        return Parts(numbers | scales, _aten._make_per_channel_quantized_tensor.default, axis)
    return None


_ROWS, _COLUMNS = ("crow_indices", "col_indices"), ("ccol_indices", "row_indices")
_BY_LAYOUT: dict[Any, Callable[[torch.Tensor], Parts]] = {
    torch.sparse_coo: _of_coo,
    torch.sparse_csr: _of_compressed(*_ROWS),
    torch.sparse_bsr: _of_compressed(*_ROWS),
    torch.sparse_csc: _of_compressed(*_COLUMNS),
    torch.sparse_bsc: _of_compressed(*_COLUMNS),
    torch._mkldnn: _of_mkldnn,
}
