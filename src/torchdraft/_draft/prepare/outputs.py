"""What `forward` returns, in a form that a program can return.

A graph returns tensors and numbers. Containers that pytree does not know are taken apart here, and what is no
data (text, a dtype, a function, an array of NumPy) is kept in the structure of the outputs.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
import json
from types import MappingProxyType
from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.pytree import is_unsaveable_namedtuple

from .json_values import ARRAYS, STATIC, from_json_value, static_from_text, static_to_text, to_json_value
from .object_fields import LEAVES, opaque
from .tuple_keys import as_tuple

_NUMBERS = (int, float, bool, type(None))
_IN_GRAPHS = (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool, torch.ScriptObject)
_SPELLED = (str, int, float, type(None), enum.Enum)
_REBUILT = (collections.OrderedDict, collections.defaultdict, collections.deque)
_VIEWS = (collections.abc.KeysView, collections.abc.ValuesView, collections.abc.ItemsView)


def iterators_materialized(value: Any) -> Any:
    """`value` with iterators and views of dictionaries turned into lists: a program returns what they would yield."""
    if isinstance(value, (collections.abc.Iterator, *_VIEWS)) and not hasattr(value, "__dict__"):
        return [iterators_materialized(v) for v in value]
    if type(value) in (list, tuple):
        return type(value)(iterators_materialized(v) for v in value)
    if type(value) is dict:
        return {k: iterators_materialized(v) for k, v in value.items()}
    return value


class StaticOutput:
    """A value that no graph can return, kept in the structure of the outputs instead."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Constant:
    """A held value as the context of a structure: pytree compares those, which arrays can't be in one word."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Constant) or type(self.value) is not type(other.value):
            return False
        if isinstance(self.value, ARRAYS):
            return bool(to_json_value(self.value) == to_json_value(other.value))
        return bool(self.value is other.value or self.value == other.value)

    def __hash__(self) -> int:
        return hash(type(self.value))

    def fresh(self) -> Any:
        """The value; a caller that writes to an array writes to one of its own."""
        return self.value.copy() if isinstance(self.value, ARRAYS) else self.value


class Made:
    """A container that pytree does not know, as its parts."""

    def __init__(self, kind: str, parts: list[Any]) -> None:
        self.kind = kind
        self.parts = parts


def _slice_of(value: Any) -> list[Any]:
    return [value.start, value.stop, value.step]


APART: dict[Any, Any] = {
    set: list,
    frozenset: list,
    torch.Size: list,
    slice: _slice_of,
    range: _slice_of,
    MappingProxyType: lambda proxy: [dict(proxy)],
}
"""Containers that pytree does not know, and how each is taken apart."""

_TOGETHER: dict[str, Any] = {
    "set": set,
    "frozenset": frozenset,
    "Size": torch.Size,
    "slice": lambda parts: slice(*parts),
    "range": lambda parts: range(*parts),
    "first": lambda parts: parts[0],
    "mappingproxy": lambda parts: MappingProxyType(parts[0]),
}
_RESULTS = "return_types."
"""What `torch.max(x, 0)` returns: pytree takes it apart, and has no name to write for it."""


class Keyed:
    """A dictionary with keys that JSON has no word for."""

    def __init__(self, content: dict[Any, Any]) -> None:
        self.content = content


def with_static_outputs(value: Any) -> Any:
    """Nested outputs with every such value wrapped, so that pytree finds no leaf that a graph can't return."""
    cls = type(value)
    if cls in (list, tuple):
        return cls(with_static_outputs(v) for v in value)
    if cls is dict:
        held = {k: with_static_outputs(v) for k, v in value.items()}
        return held if all(isinstance(key, _SPELLED) for key in held) else Keyed(held)
    if cls in APART and not (cls is torch.Size and all(type(size) is int for size in value)):
        return Made(cls.__name__, [with_static_outputs(part) for part in APART[cls](value)])
    if cls.__module__ == "torch.return_types":
        return Made(_RESULTS + cls.__qualname__, [with_static_outputs(part) for part in value])
    if cls in _REBUILT or is_unsaveable_namedtuple(cls) or _holds_what_is_held(value):
        children, spec = pytree.flatten_one_level(value)
        return pytree.tree_unflatten([with_static_outputs(child) for child in children], spec)
    return StaticOutput(value) if _is_held(value) else value


def _holds_what_is_held(value: Any) -> bool:
    """Whether a registered dataclass has fields that no graph returns."""
    registered = dataclasses.is_dataclass(value) and pytree.is_registered(type(value))
    return registered and any(map(_is_held, pytree.tree_leaves(value)))


def with_a_leaf(output: Any) -> Any:
    """`output`, with a leaf beside it where it has none: a program that returns nothing at all can't be written."""
    return output if pytree.tree_leaves(output) else Made("first", [output, None])


def _is_held(value: Any) -> bool:
    """Whether `value` is neither for a graph nor taken apart. Text in a graph can be saved and not loaded."""
    if isinstance(value, (*STATIC, str)):
        return True
    if type(value) in _NUMBERS or isinstance(value, _IN_GRAPHS) or pytree.is_registered(type(value)):
        return False
    return isinstance(value, LEAVES) or opaque(value)


def _together(children: Any, kind: str) -> Any:
    if kind.startswith(_RESULTS):
        return getattr(torch.return_types, kind.removeprefix(_RESULTS))(children)
    return _TOGETHER[kind](list(children))


def _context_as_text(context: Constant) -> str:
    value = context.value
    return static_to_text(value) if isinstance(value, STATIC) else f"json {json.dumps(to_json_value(value))}"


def _context_from_text(text: str) -> Constant:
    kind, _, said = text.partition(" ")
    return Constant(from_json_value(json.loads(said)) if kind == "json" else static_from_text(text))


pytree.register_pytree_node(
    StaticOutput,
    lambda held: ([], Constant(held.value)),
    lambda _children, constant: constant.fresh(),
    serialized_type_name="torchdraft.Held",
    to_dumpable_context=_context_as_text,
    from_dumpable_context=_context_from_text,
)
pytree.register_pytree_node(
    Made, lambda made: (made.parts, made.kind), _together, serialized_type_name="torchdraft.Made"
)
pytree.register_pytree_node(
    Keyed,
    lambda keyed: (list(keyed.content.values()), list(keyed.content)),
    lambda children, keys: dict(zip(keys, children, strict=True)),
    serialized_type_name="torchdraft.Keyed",
    to_dumpable_context=lambda keys: json.dumps([to_json_value(key) for key in keys]),
    from_dumpable_context=lambda text: [as_tuple(from_json_value(key)) for key in json.loads(text)],
    flatten_with_keys_fn=lambda keyed: (
        [(pytree.MappingKey(key), value) for key, value in keyed.content.items()],
        list(keyed.content),
    ),
)
