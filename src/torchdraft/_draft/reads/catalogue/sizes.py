"""Reads of sizes. Symbols answer them in a symbolic trace."""

from __future__ import annotations

import torch

from ..registry import shape_read

shape_read(
    torch.Tensor.shape.__get__,
    torch.Tensor.size,
    torch.Tensor.numel,
    torch.Tensor.nelement,
    torch.Tensor.__len__,
    why="In a recorded run Python knows the size as a plain number afterwards, so the program is valid for it only. "
    "Sizes that were never read stay symbolic in the replay.",
)
shape_read(
    torch.Tensor.__iter__,
    torch.Tensor.unbind,
    torch.Tensor.split,
    torch.Tensor.chunk,
    why="The number of results depends on a size.",
)
