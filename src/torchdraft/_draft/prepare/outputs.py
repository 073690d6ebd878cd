"""Converts the outputs of `forward` into outputs that a program can return.

A graph returns tensors and numbers. Containers that pytree does not flatten are divided into parts, and values that are
no data (text, a dtype, a function, an array of NumPy) are stored in the structure of the outputs.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.pytree import is_unsaveable_namedtuple
from torchdraft._torch.script_objects import FakeScriptObject
from torchdraft._torch.symbolic.mixed_numbers import MixedNumber
from torchdraft.saved.json_values import STATIC
from torchdraft.saved.structures import CONTAINERS, FIRST, RETURN_TYPE, KeyedOutput, RebuiltOutput, StaticOutput

from .object_fields import LEAVES, is_opaque

_NUMBERS = (int, float, bool, type(None))
_GRAPH_VALUES = (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool, torch.ScriptObject, FakeScriptObject)
_JSON_KEYS = (str, int, float, type(None), enum.Enum)
_FLATTENED = (collections.OrderedDict, collections.defaultdict, collections.deque)
_VIEWS = (collections.abc.KeysView, collections.abc.ValuesView, collections.abc.ItemsView)


def iterators_materialized(value: Any) -> Any:
    """`value` with lists in the place of iterators and dictionary views: a program returns what they would yield."""
    if isinstance(value, (collections.abc.Iterator, *_VIEWS)) and not hasattr(value, "__dict__"):
        return [iterators_materialized(v) for v in value]
    if type(value) in (list, tuple):
        return type(value)(iterators_materialized(v) for v in value)
    if type(value) is dict:
        return {k: iterators_materialized(v) for k, v in value.items()}
    return value


def with_static_outputs(value: Any) -> Any:
    """Nested outputs in which pytree finds no leaf that a graph cannot return: each of those is wrapped."""
    cls = type(value)
    if cls in (list, tuple):
        return cls(with_static_outputs(v) for v in value)
    if cls is dict:
        converted = {k: with_static_outputs(v) for k, v in value.items()}
        return converted if all(isinstance(key, _JSON_KEYS) for key in converted) else KeyedOutput(converted)
    if cls in CONTAINERS and not (cls is torch.Size and all(type(size) is int for size in value)):
        return RebuiltOutput(cls.__name__, [with_static_outputs(part) for part in CONTAINERS[cls].divide(value)])
    if cls.__module__ == "torch.return_types":
        return RebuiltOutput(RETURN_TYPE + cls.__qualname__, [with_static_outputs(part) for part in value])
    if cls in _FLATTENED or is_unsaveable_namedtuple(cls) or _is_dataclass_with_static_fields(value):
        children, spec = pytree.flatten_one_level(value)
        return pytree.tree_unflatten([with_static_outputs(child) for child in children], spec)
    if isinstance(value, MixedNumber):
        return value.chosen()
    return StaticOutput(value) if _is_static(value) else value


def _is_dataclass_with_static_fields(value: Any) -> bool:
    registered = dataclasses.is_dataclass(value) and pytree.is_registered(type(value))
    return registered and any(map(_is_static, pytree.tree_leaves(value)))


def with_a_leaf(output: Any) -> Any:
    """`output`, with a None beside it where it has no leaf: a program that returns nothing cannot be saved."""
    return output if pytree.tree_leaves(output) else RebuiltOutput(FIRST, [output, None])


def _is_static(value: Any) -> bool:
    """Whether no graph can return `value` and nothing flattens it. A graph that returns text cannot be loaded."""
    if isinstance(value, (*STATIC, str)):
        return True
    if type(value) in _NUMBERS or isinstance(value, _GRAPH_VALUES) or pytree.is_registered(type(value)):
        return False
    return isinstance(value, LEAVES) or is_opaque(value)
