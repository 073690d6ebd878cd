"""The fields of objects, and which values export treats as one leaf."""

from __future__ import annotations

import contextlib
import enum
import weakref
from types import FunctionType, MethodType
from typing import Any

import torch

from torchdraft._draft.state.attributes import slots_of
from torchdraft._torch import pytree
from torchdraft._torch.exporters.export import is_opaque_value
from torchdraft._torch.script_objects import FakeScriptObject

LEAVES = (torch.Tensor, int, float, bool, str, bytes, complex, type(None), torch.dtype, torch.device, torch.nn.Module)
"""Classes whose instances are leaves."""

OPAQUE = (
    torch.SymInt,
    torch.SymFloat,
    torch.SymBool,
    torch.ScriptObject,
    FakeScriptObject,
    torch.Generator,
    torch.Size,
    enum.Enum,
    type,
    weakref.ref,
    FunctionType,
    MethodType,
)
"""Further classes whose instances are never flattened into fields."""


def is_opaque(leaf: Any) -> bool:
    """Whether `leaf` is not flattened into fields: it is of an opaque class, has no fields, or is a callable object
    without tensors.
    """
    if isinstance(leaf, OPAQUE) or not has_fields(leaf) or is_opaque_value(leaf):
        return True
    return callable(leaf) and not _holds_tensor(leaf, set())


def _holds_tensor(value: Any, seen: set[int]) -> bool:
    """Whether there is a tensor in `value`, in its fields, in their fields, and so on."""
    for leaf in pytree.tree_leaves(value):
        if isinstance(leaf, torch.Tensor):
            return True
        if isinstance(leaf, (*LEAVES, *OPAQUE)) or id(leaf) in seen:
            continue
        seen.add(id(leaf))
        if has_fields(leaf) and _holds_tensor(list(fields_of(leaf).values()), seen):
            return True
    return False


def has_fields(leaf: Any) -> bool:
    """Whether `leaf` is an object that `fields_of` can read."""
    return hasattr(leaf, "__dict__") or isinstance(leaf, (dict, list, tuple)) or hasattr(type(leaf), "__slots__")


def fields_of(leaf: Any) -> dict[str, Any]:
    """The items of a dict, list or tuple subclass, under names such as `['key']` and `[0]`, then the attributes."""
    fields: dict[Any, Any] = {}
    if isinstance(leaf, dict):
        fields.update({f"[{k!r}]": v for k, v in leaf.items()})
    elif isinstance(leaf, (list, tuple)):
        fields.update({f"[{i}]": v for i, v in enumerate(leaf)})
    with contextlib.suppress(AttributeError):
        fields.update(vars(leaf) if hasattr(leaf, "__dict__") else {})
    for name, slot in slots_of(type(leaf)).items():
        with contextlib.suppress(AttributeError):
            fields[name] = slot.__get__(leaf)
    return fields
