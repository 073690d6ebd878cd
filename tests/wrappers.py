"""Wrapper subclasses of tensors: they have inner tensors in the place of memory."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.utils._pytree import tree_map


class Pair(torch.Tensor):
    """Two tensors of one shape; each operation runs on both. Returns a plain result where both agree on a number."""

    left: torch.Tensor
    right: torch.Tensor

    @staticmethod
    def __new__(cls, left: torch.Tensor, right: torch.Tensor) -> Pair:
        made: Any = torch.Tensor._make_wrapper_subclass(
            cls, left.shape, strides=left.stride(), dtype=left.dtype, device=left.device
        )
        made.left, made.right = left, right
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["left", "right"], None

    @staticmethod
    def __tensor_unflatten__(inner: dict[str, torch.Tensor], _context: None, _size: Any, _stride: Any) -> Pair:
        return Pair(inner["left"], inner["right"])

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def run(side: str) -> Any:
            part = lambda leaf: getattr(leaf, side) if isinstance(leaf, Pair) else leaf  # noqa: E731
            some, named = tree_map(part, (args, kwargs or {}))
            return func(*some, **named)

        left, right = run("left"), run("right")
        if func._schema.name.endswith("_") and isinstance(args[0], Pair):
            return args[0]
        return Pair(left, right) if isinstance(left, torch.Tensor) else left

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        if id(self) in memo:
            found: torch.Tensor = memo[id(self)]
            return found
        made = Pair(copy.deepcopy(self.left.detach(), memo), copy.deepcopy(self.right.detach(), memo))
        memo[id(self)] = result = _like(made, self)
        return result


class Quantized(torch.Tensor):
    """Small integers with one scale; an operation gets the numbers that they stand for."""

    content: torch.Tensor
    scale: torch.Tensor

    @staticmethod
    def __new__(cls, content: torch.Tensor, scale: torch.Tensor) -> Quantized:
        made: Any = torch.Tensor._make_wrapper_subclass(cls, content.shape, dtype=scale.dtype, device=content.device)
        made.content, made.scale = content, scale
        return made

    @classmethod
    def of(cls, numbers: torch.Tensor) -> Quantized:
        """The numbers, rounded to 255 steps."""
        scale = numbers.abs().amax() / 127
        return cls((numbers / scale).round().to(torch.int8), scale)

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["content", "scale"], None

    @staticmethod
    def __tensor_unflatten__(inner: dict[str, torch.Tensor], _context: None, _size: Any, _stride: Any) -> Quantized:
        return Quantized(inner["content"], inner["scale"])

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.detach.default:
            return cls(args[0].content, args[0].scale)
        plain = lambda leaf: leaf.content.to(leaf.dtype) * leaf.scale if isinstance(leaf, cls) else leaf  # noqa: E731
        some, named = tree_map(plain, (args, kwargs or {}))
        return func(*some, **named)

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        if id(self) in memo:
            found: torch.Tensor = memo[id(self)]
            return found
        made = Quantized(copy.deepcopy(self.content, memo), copy.deepcopy(self.scale, memo))
        memo[id(self)] = result = _like(made, self)
        return result


def _like(copied: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    if isinstance(own, torch.nn.Parameter):
        return torch.nn.Parameter(copied, own.requires_grad)
    return copied.requires_grad_(own.requires_grad)
