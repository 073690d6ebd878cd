"""Registers the classes of inputs and outputs that pytree does not know, so that a program can be called with them.

pytree would treat an object of such a class as a leaf. A class is registered by its fields (`object_nodes.py`), a
dataclass and a named tuple as torch registers them.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._source.definitions import returning
from torchdraft._torch import pytree
from torchdraft._torch.pytree import is_registered, is_unsaveable_namedtuple, register_namedtuple
from torchdraft.model.events import TypeRegistered

from .constant_inputs import is_program_input
from .object_fields import LEAVES, OPAQUE, fields_of, has_fields, is_opaque
from .object_nodes import OBJECT_CLASSES, register_object_class
from .outputs import with_static_outputs

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


def unknown_classes(value: Any, seen: set[int] | None = None) -> list[type]:
    """The classes of objects inside `value` that have fields and that pytree would treat as leaves."""
    seen = set() if seen is None else seen
    found: list[type] = []
    for leaf in pytree.tree_leaves(value, is_leaf=lambda inner: type(inner) in OBJECT_CLASSES):
        cls = type(leaf)
        if isinstance(leaf, LEAVES) or id(leaf) in seen or is_opaque(leaf):
            continue
        seen.add(id(leaf))
        if not is_registered(cls) and cls not in found:
            found.append(cls)
        found.extend(c for c in unknown_classes(list(fields_of(leaf).values()), seen) if c not in found)
    return found


def unsaveable_namedtuples(value: Any, seen: set[int] | None = None) -> list[type]:
    """The named tuple classes inside `value` that pytree flattens and cannot save."""
    seen = set() if seen is None else seen
    if isinstance(value, (*LEAVES, *OPAQUE)) or id(value) in seen:
        return []
    seen.add(id(value))
    own = [type(value)] if isinstance(value, tuple) and is_unsaveable_namedtuple(type(value)) else []
    inner = fields_of(value).values() if has_fields(value) else []
    return list(dict.fromkeys([*own, *[cls for v in inner for cls in unsaveable_namedtuples(v, seen)]]))


def dataclasses_with_constants(value: Any, seen: set[int] | None = None) -> set[type]:
    """The dataclasses of objects inside `value` with a field that no program can take as an input."""
    seen = set() if seen is None else seen
    found: set[type] = set()
    for leaf in pytree.tree_leaves(value, is_leaf=lambda inner: type(inner) in OBJECT_CLASSES):
        if isinstance(leaf, LEAVES) or id(leaf) in seen or is_opaque(leaf):
            continue
        seen.add(id(leaf))
        fields = list(fields_of(leaf).values())
        if dataclasses.is_dataclass(leaf) and any(map(_is_constant, pytree.tree_leaves(fields))):
            found.add(type(leaf))
        found |= dataclasses_with_constants(fields, seen)
    return found


def _is_constant(leaf: Any) -> bool:
    return not is_program_input(leaf) and (isinstance(leaf, LEAVES) or is_opaque(leaf))


def register(cls: type, *, by_fields: bool = False) -> str:
    """Registers `cls` with pytree; returns the line that another process needs before it loads the program.

    Instances are flattened into their attributes and, for subclasses of dict, list and tuple, their items. Raises
    `ValueError` where `cls` is registered already. A dataclass is registered as torch registers it, unless `by_fields`:
    then only fields with tensors are inputs, and the others constants, as for other classes.
    """
    name = full_name(cls)
    if is_unsaveable_namedtuple(cls):
        register_namedtuple(cls, serialized_type_name=name)
    elif dataclasses.is_dataclass(cls) and _is_plain_dataclass(cls) and not by_fields:
        torch.export.register_dataclass(cls, serialized_type_name=name)
        return f"torch.export.register_dataclass({name}, serialized_type_name={name!r})"
    else:
        register_object_class(cls, name)
    return f"torchdraft.register({name}{', by_fields=True' * by_fields})"


def full_name(cls: type) -> str:
    """Module and qualified name of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _is_plain_dataclass(cls: type) -> bool:
    """Whether `cls` can be created from its fields, as torch does."""
    has_init = any("__init__" in vars(c) for c in cls.__mro__[:-1])
    return has_init and all(f.init for f in dataclasses.fields(cls))


class OutputTypes:
    """Registers the classes of the outputs of `forward` during one trace."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.classes: list[type] = []
        """The classes registered so far, to be unregistered where the draft fails."""

    def registered(self, output: Any, forward: Any) -> Any:
        """`output` in a form that a program can return. Classes in it that pytree does not know are registered."""
        output = with_static_outputs(output)
        for cls in [*unknown_classes(output), *unsaveable_namedtuples(output)]:
            paste = register(cls)
            self.classes.append(cls)
            stack = returning(forward, cls.__name__)
            self.context.log.emit(TypeRegistered(stack=stack, cls=full_name(cls), where="output", paste=paste))
        return output
