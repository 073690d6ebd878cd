"""Subclasses of tensors in a recorded run (`x.as_subclass(Image)`), whose own code runs around every operation."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.probe import need

_get_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")
_no_subclasses: Any = need("torch._C:DisableTorchFunctionSubclass")


def is_subclassed(leaf: Any) -> bool:
    """Whether `leaf` is a tensor of a class that Python's code made, and that has no dispatch of its own."""
    cls: Any = type(leaf)
    if not isinstance(leaf, torch.Tensor) or cls in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
        return False
    return cls.__torch_dispatch__ is torch.Tensor.__torch_dispatch__ and not isinstance(leaf, torch.nn.Parameter)


def without_subclass(leaf: Any) -> Any:
    """A tensor of a subclass as a plain tensor; anything else as it is."""
    if not is_subclassed(leaf):
        return leaf
    with _no_subclasses():
        return leaf.as_subclass(torch.Tensor)


def classed_like(tensor: torch.Tensor, like: Any) -> torch.Tensor:
    """`tensor` in the class of `like`, with its attributes."""
    if not is_subclassed(like):
        return tensor
    made = tensor.as_subclass(type(like))
    vars(made).update(vars(like))
    return made
