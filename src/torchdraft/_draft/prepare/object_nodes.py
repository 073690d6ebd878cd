"""Flattens objects for pytree: classes that it does not know, registered by their fields.

A field with a tensor or a symbolic number becomes a child. The others go into the context, which is saved as JSON.
"""

from __future__ import annotations

import ast
import enum
import weakref
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from types import BuiltinFunctionType
from typing import Any

import torch

from torchdraft._draft.state.attributes import slots_of
from torchdraft._torch import pytree
from torchdraft._torch.pytree import is_registered, unregister
from torchdraft.saved.json_values import STATIC, from_json_value, is_lost, to_json_value
from torchdraft.saved.structures import CONTAINERS

from .object_fields import fields_of
from .outputs import with_static_outputs

OBJECT_CLASSES: set[type] = set()
"""The classes that are registered by their fields."""


def register_object_class(cls: type, name: str) -> None:
    """Registers `cls` with pytree under `name`. Raises `ValueError` where it is registered already."""
    OBJECT_CLASSES.add(cls)
    pytree.register_pytree_node(
        cls,
        lambda value: _flatten(value),
        lambda children, context: _unflatten(cls, children, context),
        serialized_type_name=name,
        to_dumpable_context=_to_json,
        from_dumpable_context=_from_json,
        flatten_with_keys_fn=lambda value: _flatten_with_keys(value),
    )


def unregister_classes(classes: Iterable[type]) -> None:
    """Removes classes from pytree, however they were registered."""
    for cls in classes:
        OBJECT_CLASSES.discard(cls)
        unregister(cls)


class ObjectContext:
    """The part of an object that is not in the graph."""

    def __init__(
        self,
        names: list[str],
        static: dict[str, Any],
        back_references: Iterable[Sequence[Any]] = (),
        order: Sequence[str] = (),
        lost: Iterable[str] = (),
    ) -> None:
        self.names = names
        """The fields that are children."""
        self.static = static
        """The other fields, with their values."""
        self.order = list(order) or [*names, *static]
        """All fields, in the order in which the object got them."""
        self.lost = frozenset(lost)
        """The static fields that a file could not hold."""
        self.back_references = [tuple(path) for path in back_references]
        """Weak references to the object: its field, the index in that field, the attribute of the value there."""

    def __eq__(self, other: object) -> bool:
        """The program was made for these plain values. Other values may not be comparable."""
        if not isinstance(other, ObjectContext) or self.names != other.names or list(self.static) != list(other.static):
            return False
        names = self.static.keys() - self.lost - other.lost
        pairs = [(self.static[name], other.static[name]) for name in names]
        return all(_equal(one, two) for one, two in pairs if isinstance(one, _PLAIN) or _comparable(one, two))

    def __hash__(self) -> int:
        return hash(tuple(self.names))


_PLAIN = (bool, int, float, str)
_CONSTANT = (*_PLAIN, *STATIC, bytes, complex, slice, range, enum.Enum, date, time, timedelta, type(None))
"""Classes whose instances do not change, and compare by value."""


def _comparable(*values: Any) -> bool:
    """Whether all values are constants, or tuples of these."""
    return all(isinstance(v, _CONSTANT) or (type(v) is tuple and _comparable(*v)) for v in values)


def _equal(one: Any, other: Any) -> bool:
    """Whether plain values are the same; NaN is the same as NaN."""
    return type(one) is type(other) and bool(one == other or (one != one and other != other))


def _belongs_in_graph(value: Any) -> bool:
    """Whether `value` is, or contains, a tensor, a symbolic number or an object of a class registered here."""
    if isinstance(value, torch.nn.Module):
        return False
    if isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool)) or type(value) in OBJECT_CLASSES:
        return True
    if type(value) in CONTAINERS:
        return any(_belongs_in_graph(part) for part in CONTAINERS[type(value)].divide(value))
    if isinstance(value, (list, tuple, dict)):
        return any(_belongs_in_graph(v) for v in (value.values() if isinstance(value, dict) else value))
    return is_registered(type(value)) and any(_belongs_in_graph(v) for v in pytree.tree_leaves(value))


def _flatten(value: Any) -> tuple[list[Any], ObjectContext]:
    fields = fields_of(value)
    names = [name for name, field in fields.items() if _belongs_in_graph(field)]
    static = {name: field for name, field in fields.items() if name not in names}
    context = ObjectContext(names, static, _back_references(value, fields), list(fields))
    return [with_static_outputs(fields[name]) for name in names], context


def _back_references(value: Any, fields: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """The attributes of objects in the fields of `value` that are weak references to it."""
    for name, child in fields.items():
        for index, inner in enumerate(_elements(child)):
            for attribute, reference in getattr(inner, "__dict__", {}).items():
                if isinstance(reference, weakref.ref) and reference() is value:
                    yield name, index, attribute


def _elements(child: Any) -> list[Any]:
    return list(child.values()) if type(child) is dict else list(child) if type(child) in (list, tuple) else [child]


def _flatten_with_keys(value: Any) -> tuple[list[tuple[Any, Any]], ObjectContext]:
    children, context = _flatten(value)
    return [(_path_key(value, n), c) for n, c in zip(context.names, children, strict=True)], context


def _path_key(value: Any, name: str) -> Any:
    """pytree's key for the field `name` of `value`."""
    if not name.startswith("["):
        return pytree.GetAttrKey(name)
    return pytree.MappingKey(_item_key(name)) if isinstance(value, dict) else pytree.SequenceKey(_item_key(name))


def _unflatten(cls: type, children: Iterable[Any], context: ObjectContext) -> Any:
    unordered = dict(zip(context.names, children, strict=True)) | context.static
    fields = {name: unordered[name] for name in context.order}
    items = {_item_key(name): value for name, value in fields.items() if name.startswith("[")}
    made = _new_object(cls, items)
    slots = slots_of(cls)
    for name, value in fields.items():
        if name in slots:
            slots[name].__set__(made, value)
        elif not name.startswith("["):
            made.__dict__[name] = value
    for name, index, attribute in context.back_references:
        _elements(fields[name])[index].__dict__[attribute] = weakref.ref(made)
    return made


def _new_object(cls: type, items: dict[Any, Any]) -> Any:
    """An object of `cls` with the items of a dict, list or tuple, created without calling code of the class."""
    builtin: Any = next(base for base in cls.__mro__ if isinstance(vars(base).get("__new__"), BuiltinFunctionType))
    if issubclass(cls, tuple):
        return builtin.__new__(cls, [items[index] for index in sorted(items)])
    made = builtin.__new__(cls)
    for key in sorted(items) if issubclass(cls, list) else items:
        builtin.append(made, items[key]) if issubclass(cls, list) else builtin.__setitem__(made, key, items[key])
    return made


def _item_key(name: str) -> Any:
    """The key of the item that `fields_of` calls `name`."""
    return ast.literal_eval(name[1:-1])


def _to_json(context: ObjectContext) -> Any:
    static = {name: to_json_value(value) for name, value in context.static.items()}
    return {"names": context.names, "fixed": static, "backward": context.back_references, "order": context.order}


def _from_json(dumped: Any) -> ObjectContext:
    static = {name: from_json_value(value) for name, value in dumped["fixed"].items()}
    lost = [name for name, value in dumped["fixed"].items() if is_lost(value)]
    return ObjectContext(list(dumped["names"]), static, dumped.get("backward", ()), dumped.get("order", ()), lost)
