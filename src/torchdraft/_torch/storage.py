"""Tensors as windows on storages, with the two lazy bits a window can carry."""

from __future__ import annotations

from typing import Any

import torch

from .probe import need

_neg_view: Any = need("torch:_neg_view")


def window(storage: Any, like: torch.Tensor) -> torch.Tensor:
    """A tensor that sees `storage` as `like` sees its own: size, strides, offset, conjugate and negative bits."""
    made = torch.empty(0, dtype=like.dtype, device=like.device)
    made = made.set_(storage, like.storage_offset(), like.size(), like.stride())
    if like.is_conj():
        made = made.conj()
    return _neg_view(made) if like.is_neg() else made
