"""Polyfill of `contiguous`, which writes no node for a tensor that is contiguous already."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.dispatch import is_tracked
from torchdraft._torch.symbolic.fake import FakeTensor

from .registry import Call, polyfill


@polyfill(
    torch.Tensor.contiguous,
    why="The Python binding returns a contiguous tensor itself, before anything is dispatched. The graph would use the "
    "tensor in the place of the result for every input, where eager copies one that is laid out otherwise.",
)
def contiguous_in_graph(func: Any, args: Any, kwargs: Any) -> Call:
    """Calls the operator, which becomes a node. The layout of parameters and of constants is the same in every call."""
    tensor = args[0] if args else None
    if type(tensor) not in (FakeTensor, torch.Tensor) or isinstance(tensor, torch.nn.Parameter):
        return func, args, kwargs
    return (torch.ops.aten.contiguous.default if is_tracked(tensor) else func), args, kwargs
