"""Subclasses of tensors in a recorded run (`x.as_subclass(Image)`), whose own code runs around every operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .dispatch import proxy_mode
from .patch import patched
from .probe import need

_get_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")
_no_subclasses: Any = need("torch._C:DisableTorchFunctionSubclass")


@contextmanager
def subclasses_recorded() -> Iterator[None]:
    """The tracer knows tensors by the Python object and hands operations on another class back to the class, which can
    do nothing with them. An object of a subclass stands for what the tensor it looks at stands for.
    """
    own = torch.Tensor.as_subclass

    def as_subclass(self: torch.Tensor, cls: Any) -> Any:
        made = own(self, cls)
        mode = proxy_mode()
        slot = None if mode is None or made is self else _get_slot(self, mode.tracer, None)
        if mode is not None and slot is not None:
            _set_slot(made, mode.tracer, slot)
        return made

    with patched(torch.Tensor, "as_subclass", as_subclass):
        yield


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
