"""Which replacements of a user's tensor the program can copy into that tensor's own memory."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._draft.tracing.user_tensors import UserTensors

Pair = tuple[torch.Tensor, torch.Tensor]
"""An alias of the old memory, and the tensor whose values belong there."""


def is_written_back(user: UserTensors, target: torch.Tensor) -> bool | None:
    """Whether the values of `target`, which got other memory, are copied into its own. None if it kept its memory."""
    for old, new in user.rebound:
        if new is target:
            return bool(fitting(old, new)) and not any(new is other for other in user.rebound_and_shared)
    return None


def fitting(old: Any, new: Any) -> list[Pair]:
    """`[(old, new)]` if the memory of `old` can hold the values of `new`: any dtype, equal sizes on the example."""
    if not isinstance(old, torch.Tensor) or not isinstance(new, torch.Tensor):
        return []
    same = old.device == new.device and old.layout is new.layout and old.dim() == new.dim()
    sizes = [(_hint(a), _hint(b)) for a, b in zip(old.shape, new.shape, strict=same)]
    return [(old, new)] if same and all(a == b and a is not None for a, b in sizes) else []


def _hint(size: Any) -> int | None:
    """A size on the example, without a guard; None for a data-dependent one."""
    return size.node.hint if isinstance(size, torch.SymInt) else size
