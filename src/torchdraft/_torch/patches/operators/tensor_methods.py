"""Patches of methods and functions of tensors that convert a symbolic number or fail on fake tensors.

Frames of this file act on behalf of their caller (`torchdraft._stack.guard_origin`).
"""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import TRACE
from torchdraft._torch.symbolic.fake import FakeTensor

_SECTIONS = (
    "Upstream raises for fake tensors as sizes. A function mode is not enough: decompositions (such as that of "
    "`aten.lstm.data`) call the method where no mode is active."
)


@patches("torch:Tensor.split", scope=TRACE, why=_SECTIONS)
def split_at_tensors(original: Any) -> Any:
    """Lets `x.split([tensor, tensor])` read the tensors' values, as eager does."""

    def split(self: torch.Tensor, split_size: Any, dim: int = 0) -> Any:
        if isinstance(split_size, (list, tuple)):
            split_size = [_number(s) for s in split_size]
        return original(self, split_size, dim)

    return split


@patches("torch:Tensor.narrow", scope=TRACE, why=_SECTIONS)
def narrow_to_tensors(original: Any) -> Any:
    """Lets `x.narrow(0, 0, tensor)` read the tensor's value, as eager does."""

    def narrow(self: torch.Tensor, dim: int, start: Any, length: Any) -> Any:
        return original(self, dim, start, _number(length))

    return narrow


def _number(value: Any) -> Any:
    return int(value.item()) if isinstance(value, torch.Tensor) else value


@patches(
    "builtins:len",
    scope=TRACE,
    why="Python's `len` converts the symbol to an `int`, which specializes the size. Dynamo, which compiles control "
    "flow operators inside a trace, interprets this function as it does the model's own.",
)
def symbolic_len(original: Any) -> Any:
    """Returns `x.shape[0]` for `len(x)` of a fake tensor."""

    def length(value: Any, /) -> Any:
        return value.shape[0] if type(value) is FakeTensor and value.dim() else original(value)

    return length


@patches(
    "torch._subclasses.fake_tensor:FakeTensor.tolist",
    scope=TRACE,
    why="Upstream creates an unbacked symbol for each element, however many there are.",
)
def long_lists_read_whole(original: Any, longest_list: int) -> Any:
    """Makes `tolist` of more than `longest_list` elements one call, which function modes handle."""

    def tolist(self: Any) -> Any:
        count = self.numel()
        return torch.Tensor.tolist(self) if isinstance(count, int) and count > longest_list else original(self)

    return tolist
