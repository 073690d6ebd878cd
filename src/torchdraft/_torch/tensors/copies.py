"""Copies of tensors that preserve aliasing."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.script_objects import copied_object, has_state

from .storage import copy_with_storage, window
from .subclasses import is_wrapper, map_inner, with_class_of


def copy_preserving_aliasing(value: Any) -> Any:
    """A copy of nested inputs. Tensors that share a storage share one in the copy, and one tensor is copied once.
    TorchBind objects are copied as well.
    """
    storages: dict[int, torch.Tensor] = {}

    def copied(tensor: torch.Tensor) -> torch.Tensor:
        if is_wrapper(tensor):
            return map_inner(tensor.detach(), copied_once).requires_grad_(tensor.requires_grad)
        if tensor.layout is not torch.strided or tensor.device.type == "meta":
            return tensor.detach().clone().requires_grad_(tensor.requires_grad)
        key = tensor.untyped_storage()._cdata
        base = storages.get(key)
        if base is None:
            base = storages[key] = copy_with_storage(tensor.detach())
        copy = window(base.untyped_storage(), tensor).requires_grad_(tensor.requires_grad)
        return with_class_of(copy, tensor)

    seen: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    """Identity of a tensor → the tensor, which keeps the identity its own, and the copy."""

    def copied_once(tensor: torch.Tensor) -> torch.Tensor:
        if id(tensor) not in seen:
            seen[id(tensor)] = tensor, copied(tensor)
        return seen[id(tensor)][1]

    objects: dict[int, Any] = {}

    def copied_leaf(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            return copied_once(leaf)
        if has_state(leaf):
            if id(leaf) not in objects:
                objects[id(leaf)] = copied_object(leaf)
            return objects[id(leaf)]
        return leaf

    return pytree.tree_map(copied_leaf, value)
