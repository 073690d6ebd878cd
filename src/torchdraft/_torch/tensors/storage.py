"""Tensors as views of storages, with the conjugate and negative bits, and copy-on-write storages."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.probe import need

_neg_view: Any = need("torch:_neg_view")
_lazy_clone: Any = need("torch:_lazy_clone")
_is_cow_tensor: Any = need("torch._C:_is_cow_tensor")
_data_address: Any = need("torch._C:_data_address")
"""Where a tensor's data is. The public `data_ptr()` gives a copy-on-write tensor memory of its own first."""
StorageWeakRef: Any = need("torch.multiprocessing.reductions:StorageWeakRef")


def window(storage: Any, like: torch.Tensor) -> torch.Tensor:
    """A tensor on `storage` with the size, strides, offset, conjugate and negative bits of `like`."""
    made = torch.empty(0, dtype=like.dtype, device=like.device)
    made = made.set_(storage, like.storage_offset(), like.size(), like.stride())
    if like.is_conj():
        made = made.conj()
    return _neg_view(made) if like.is_neg() else made


def copy_with_storage(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor like `tensor` on a copy of its whole storage."""
    if tensor.layout is not torch.strided:
        return tensor.detach().clone()
    return window(tensor.untyped_storage().clone(), tensor)


def lazy_copy(tensor: torch.Tensor) -> torch.Tensor | None:
    """Like `copy_with_storage`, but copy-on-write. None where torch does not support it (memory of NumPy or of a file,
    sparse tensors).
    """
    try:
        whole = torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(tensor.untyped_storage())
        return window(_lazy_clone(whole).untyped_storage(), tensor)
    except (RuntimeError, NotImplementedError):
        return None


def shares_lazily(tensor: torch.Tensor) -> bool:
    """Whether `tensor` is copy-on-write, and nothing has asked for memory that it can write to."""
    return bool(_is_cow_tensor(tensor))


def share_lazily(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are copy-on-write and read the same elements of the same memory."""
    lazy = shares_lazily(one) and shares_lazily(other)
    return lazy and one.stride() == other.stride() and _data_address(one) == _data_address(other)


def materialize(tensor: torch.Tensor) -> None:
    """Gives a copy-on-write tensor its own memory, as a write would; the last tensor that shares memory keeps it."""
    if shares_lazily(tensor):
        tensor.untyped_storage().data_ptr()


def cannot_materialize(error: Exception) -> bool:
    """Whether `error` says that a kernel wrote to a copy-on-write tensor in a parallel loop, which torch cannot do."""
    return "Materializing a storage in the loop function" in str(error)


def is_zero_tensor(tensor: torch.Tensor) -> bool:
    """Whether `tensor` is a zero tensor without memory, as forward-mode differentiation uses as its first tangent."""
    return bool(tensor._is_zerotensor())
