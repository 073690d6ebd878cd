"""Tensor subclasses in a recorded run (`x.as_subclass(Image)`), whose `__torch_function__` handles each operation."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.probe import need

_no_subclasses: Any = need("torch._C:DisableTorchFunctionSubclass")


def is_subclassed(leaf: Any) -> bool:
    """Whether `leaf` is a tensor of a Python subclass without its own `__torch_dispatch__`."""
    cls: Any = type(leaf)
    if not isinstance(leaf, torch.Tensor) or cls in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
        return False
    return cls.__torch_dispatch__ is torch.Tensor.__torch_dispatch__ and not isinstance(leaf, torch.nn.Parameter)


def without_subclass(leaf: Any) -> Any:
    """A tensor of a subclass as a plain tensor; anything else unchanged."""
    if not is_subclassed(leaf):
        return leaf
    with _no_subclasses():
        return leaf.as_subclass(torch.Tensor)


def with_class_of(tensor: torch.Tensor, like: Any) -> torch.Tensor:
    """`tensor` as an instance of the class of `like`, with the attributes of `like`."""
    if not is_subclassed(like):
        return tensor
    made = tensor.as_subclass(type(like))
    vars(made).update(vars(like))
    return made
