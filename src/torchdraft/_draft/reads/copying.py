"""Tensors taken apart and put together again by `pickle` and `copy` while a model is traced."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import is_framework
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import outside_modes, without_fake_mode
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import RECORDED_RUN, TRACE

acts_for_caller(__file__)


def being_copied() -> bool:
    """Whether `copy.copy` asks: it takes a tensor apart as pickling does, and puts it together on the same storage."""
    frame: Any = sys._getframe(2)
    while frame is not None and is_framework(frame.f_code):  # the handlers of the modes stand between
        if frame.f_code.co_name == "copy" and frame.f_code.co_filename == copy.__file__:
            return True
        frame = frame.f_back
    return False


def deep_copied(tensor: torch.Tensor, memo: dict[int, Any]) -> Any:
    """What `copy.deepcopy` makes of a tensor. Its own way is through the storage, which no graph can hold."""
    if id(tensor) not in memo:
        memo[id(tensor)] = tensor.detach().clone().requires_grad_(tensor.requires_grad)
    return memo[id(tensor)]


@patches(
    "torch:save",
    scope=(TRACE, RECORDED_RUN),
    why="`torch.save` writes the storages of tensors. A fake tensor's storage has no data, and a read of a recorded "
    "tensor's data must be asserted.",
)
def saved_tensors_read(original: Any, read_saved: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Saves `read_saved(tensor)` in the place of each tensor."""

    def save(obj: Any, *args: Any, **kwargs: Any) -> None:
        obj = pytree.tree_map_only(torch.Tensor, read_saved, obj)
        with outside_modes():
            original(obj, *args, **kwargs)

    return save


@patches(
    "torch:load",
    scope=(TRACE, RECORDED_RUN),
    why="`torch.load` under a fake mode returns fake tensors without data.",
    upstream="torch._utils._rebuild_tensor",
)
def loaded_tensors_real(original: Any) -> Any:
    """Loads real tensors, which become constants of the program."""

    def load(*args: Any, **kwargs: Any) -> Any:
        with without_fake_mode():
            return original(*args, **kwargs)

    return load


def reduced(real: torch.Tensor) -> Any:
    """How a tensor is pickled during a trace: without a storage, which no graph can hold."""
    if real.layout is not torch.strided:
        return real.__reduce_ex__(2)
    data = real.reshape(-1).view(torch.uint8).numpy().tobytes() if real.numel() else b""
    return rebuilt, (data, real.dtype, tuple(real.shape))


def rebuilt(data: bytes, dtype: torch.dtype, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor `reduced` took apart, as a fresh constant of the program."""
    with outside_modes():
        if data:
            real = torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape).clone()
        else:
            real = torch.empty(shape, dtype=dtype)
    return torch.ops.aten.lift_fresh_copy.default(real)
