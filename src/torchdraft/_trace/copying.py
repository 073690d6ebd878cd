"""Tensors taken apart and put together again by `pickle` and `copy` while a model is traced."""

from __future__ import annotations

import sys
from typing import Any

import torch

from .._torch.dispatch import outside_modes
from .stacks import is_framework


def being_copied() -> bool:
    """Whether `copy.copy` asks: it takes a tensor apart as pickling does, and puts it together on the same storage."""
    frame: Any = sys._getframe(2)
    while frame is not None and is_framework(frame.f_code):  # the handlers of the modes stand between
        if frame.f_code.co_name == "copy" and frame.f_code.co_filename.endswith("copy.py"):
            return True
        frame = frame.f_back
    return False


def deep_copied(tensor: torch.Tensor, memo: dict[int, Any]) -> Any:
    """What `copy.deepcopy` makes of a tensor. Its own way is through the storage, which no graph can hold."""
    if id(tensor) not in memo:
        memo[id(tensor)] = tensor.detach().clone().requires_grad_(tensor.requires_grad)
    return memo[id(tensor)]


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
