"""Reads the size of a dimension at run time, in a way that no trace replaces by what it knows.

A trace of a program replaces a size that it knows by a number, and a size that equals another by the other. A condition
on such sizes would be true before the program runs.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch

from torchdraft._torch.library import onnx_operator

_ATEN = torch.ops.aten


class Writer(Protocol):
    """What writes nodes into a graph."""

    def call(self, target: Any, *args: Any, **kwargs: Any) -> torch.fx.Node:
        """A node that calls `target`."""


def by_shape_operator(writer: Writer, tensor: torch.fx.Node, dim: int) -> torch.fx.Node:
    """The size as ONNX's operator `Shape` returns it."""
    target, args, kwargs = onnx_operator("Shape", tensor, {"start": dim, "end": dim + 1}, torch.int64, [1])
    return writer.call(_ATEN.reshape.default, writer.call(target, *args, **kwargs), [])


def by_counting(writer: Writer, tensor: torch.fx.Node, dim: int) -> torch.fx.Node:
    """The size as the number of elements of one row. ExecuTorch's kernels go by the real sizes of their arguments."""
    for other in range(tensor.meta["val"].dim()):
        if other != dim:
            tensor = writer.call(_ATEN.slice.Tensor, tensor, other, 0, 1)
    ones = writer.call(_ATEN.full_like.default, tensor, 1, dtype=torch.int64)
    return writer.call(_ATEN.sum.default, ones)
