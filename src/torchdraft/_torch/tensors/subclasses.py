"""Tensor subclasses: those whose `__torch_function__` handles each operation (`x.as_subclass(Image)`), and wrapper
subclasses, which have inner tensors in the place of memory (`_make_wrapper_subclass`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from torchdraft._torch.probe import need

_no_subclasses: Any = need("torch._C:DisableTorchFunctionSubclass")
_is_traceable_wrapper: Any = need("torch.utils._python_dispatch:is_traceable_wrapper_subclass")


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


def is_wrapper(leaf: Any) -> bool:
    """Whether `leaf` is a tensor of a wrapper subclass that names its inner tensors (`__tensor_flatten__`)."""
    return type(leaf) is not torch.Tensor and bool(_is_traceable_wrapper(leaf))


def inner_tensors(wrapper: Any) -> dict[str, torch.Tensor]:
    """The inner tensors of a wrapper by attribute; they may be wrappers."""
    return {name: getattr(wrapper, name) for name in wrapper.__tensor_flatten__()[0]}


def map_inner(wrapper: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """A wrapper like `wrapper`, with `function` applied to each inner tensor."""
    names, context = wrapper.__tensor_flatten__()
    inner = {name: function(getattr(wrapper, name)) for name in names}
    made: torch.Tensor = type(wrapper).__tensor_unflatten__(inner, context, wrapper.size(), wrapper.stride())
    return made


def with_inner(tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors, each wrapper followed by its inner tensors at any depth."""
    found: list[torch.Tensor] = []
    for tensor in tensors:
        found.append(tensor)
        if is_wrapper(tensor):
            found.extend(with_inner(inner_tensors(tensor).values()))
    return found
