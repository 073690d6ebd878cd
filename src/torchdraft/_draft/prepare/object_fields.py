"""What an object holds, and which values are one thing to a program."""

from __future__ import annotations

import contextlib
import enum
import weakref
from types import FunctionType, MemberDescriptorType, MethodType
from typing import Any

import torch

from torchdraft._torch import pytree

LEAVES = (torch.Tensor, int, float, bool, str, bytes, complex, type(None), torch.dtype, torch.device, torch.nn.Module)


def opaque(leaf: Any) -> bool:
    """Values that are one thing to a program: enums, script objects, symbolic numbers, functions, references."""
    if isinstance(leaf, OPAQUE) or not holds_content(leaf):
        return True
    return callable(leaf) and not holds_tensor(leaf, set())


OPAQUE = (
    torch.SymInt,
    torch.SymFloat,
    torch.SymBool,
    torch.ScriptObject,
    torch.Generator,
    torch.Size,
    enum.Enum,
    type,
    weakref.ref,
    FunctionType,
    MethodType,
)


def holds_tensor(value: Any, seen: set[int]) -> bool:
    """Whether there is a tensor in an object, in what it holds, and so on."""
    for leaf in pytree.tree_leaves(value):
        if isinstance(leaf, torch.Tensor):
            return True
        if isinstance(leaf, (*LEAVES, *OPAQUE)) or id(leaf) in seen:
            continue
        seen.add(id(leaf))
        if holds_content(leaf) and holds_tensor(list(fields_of(leaf).values()), seen):
            return True
    return False


def holds_content(leaf: Any) -> bool:
    return hasattr(leaf, "__dict__") or isinstance(leaf, (dict, list, tuple)) or hasattr(type(leaf), "__slots__")


def fields_of(leaf: Any) -> dict[str, Any]:
    """Attributes of an object; the items of a dict, list or tuple subclass stand first under their keys."""
    content: dict[Any, Any] = {}
    if isinstance(leaf, dict):
        content.update({f"[{k!r}]": v for k, v in leaf.items()})
    elif isinstance(leaf, (list, tuple)):
        content.update({f"[{i}]": v for i, v in enumerate(leaf)})
    with contextlib.suppress(AttributeError):
        content.update(vars(leaf) if hasattr(leaf, "__dict__") else {})
    for name, slot in slots_of(type(leaf)).items():
        with contextlib.suppress(AttributeError):
            content[name] = slot.__get__(leaf)
    return content


def slots_of(cls: type) -> dict[str, Any]:
    """What `__slots__` made, by the name in the class: a private name is another there."""
    if cls.__module__ == "builtins":
        return {}
    return {
        name: member
        for base in cls.__mro__
        if "__slots__" in vars(base)
        for name, member in vars(base).items()
        if isinstance(member, MemberDescriptorType)
    }
