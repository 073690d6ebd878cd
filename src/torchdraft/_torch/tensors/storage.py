"""Tensors as windows on storages, with the two lazy bits a window can carry."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.probe import need

_neg_view: Any = need("torch:_neg_view")
_lazy_clone: Any = need("torch:_lazy_clone")
_is_cow_tensor: Any = need("torch._C:_is_cow_tensor")
StorageWeakRef: Any = need("torch.multiprocessing.reductions:StorageWeakRef")


def window(storage: Any, like: torch.Tensor) -> torch.Tensor:
    """A tensor that sees `storage` as `like` sees its own: size, strides, offset, conjugate and negative bits."""
    made = torch.empty(0, dtype=like.dtype, device=like.device)
    made = made.set_(storage, like.storage_offset(), like.size(), like.stride())
    if like.is_conj():
        made = made.conj()
    return _neg_view(made) if like.is_neg() else made


def copy_with_storage(tensor: torch.Tensor) -> torch.Tensor:
    """A copy of the whole storage of `tensor`, seen through the same window."""
    if tensor.layout is not torch.strided:
        return tensor.detach().clone()
    return window(tensor.untyped_storage().clone(), tensor)


def lazy_copy(tensor: torch.Tensor) -> torch.Tensor | None:
    """As `copy_with_storage`, but in the same memory until somebody writes; None where torch can't share that (memory
    of NumPy's or of a file, sparse tensors).
    """
    try:
        whole = torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(tensor.untyped_storage())
        return window(_lazy_clone(whole).untyped_storage(), tensor)
    except (RuntimeError, NotImplementedError):
        return None


def own(tensor: torch.Tensor) -> None:
    """Ends the sharing of a copy on write as a writer would: the last one to look at the memory keeps it."""
    if _is_cow_tensor(tensor):
        tensor.untyped_storage().data_ptr()


def may_not_part(error: Exception) -> bool:
    """Whether a kernel asked to write to a copy on write from inside a parallel loop, where torch can't copy."""
    return "Materializing a storage in the loop function" in str(error)


def is_zero_tensor(tensor: torch.Tensor) -> bool:
    """Whether `tensor` is one of the zeros without memory that forward-mode derivatives begin with."""
    return bool(tensor._is_zerotensor())
