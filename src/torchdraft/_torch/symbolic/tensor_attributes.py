"""What Python code can see of a tensor besides its values, sizes and dtype."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from .fake import FakeTensor

_OF_TORCH = frozenset(name for base in FakeTensor.__mro__ for name in getattr(base, "__annotations__", ()))


def is_in_order(tensor: torch.Tensor) -> bool | None:
    """Whether a tensor is contiguous, on the example where that depends on sizes. Adds no guard."""
    if tensor.layout is not torch.strided or tensor.is_nested:
        return None
    env = getattr(getattr(tensor, "fake_mode", None), "shape_env", None)
    with env.suppress_guards() if env is not None else contextlib.nullcontext():
        try:
            return tensor.is_contiguous()
        except Exception:  # it depends on a size that data decides
            return None


def own_attributes(tensor: torch.Tensor) -> dict[str, Any]:
    """The attributes that code has given to a tensor."""
    return {name: value for name, value in vars(tensor).items() if name not in _OF_TORCH and not name.startswith("_")}
