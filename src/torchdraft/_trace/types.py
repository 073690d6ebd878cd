"""Classes pytree does not know: registers those that inputs and outputs are made of, so that the program can be called.

A class is taken apart into its attributes (or a dict subclass's items). What is a tensor, or holds one, becomes part of
the graph's inputs or outputs; the rest travels in the structure, as JSON where it can be written so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable
from types import GeneratorType
from typing import TYPE_CHECKING, Any

import torch

from .._torch import pytree
from .._torch.pytree import is_registered, nameless_namedtuple, register_namedtuple, unregister
from .events import TypeRegistered
from .keys import Keyed, has_tuples
from .places import returning

if TYPE_CHECKING:
    from .session import Session

LEAVES = (torch.Tensor, int, float, bool, str, bytes, complex, type(None), torch.dtype, torch.device, torch.nn.Module)


def unknown_classes(value: Any, seen: set[int] | None = None) -> list[type]:
    """Classes inside `value` that pytree would treat as leaves although they hold something."""
    seen = set() if seen is None else seen
    found: list[type] = []
    for leaf in pytree.tree_leaves(value):
        cls = type(leaf)
        if isinstance(leaf, LEAVES) or id(leaf) in seen or cls in found or _opaque(leaf):
            continue
        seen.add(id(leaf))
        if not is_registered(cls):
            found.append(cls)
        found.extend(c for c in unknown_classes(list(_content(leaf).values()), seen) if c not in found)
    return found


def unnamed_tuples(value: Any) -> list[type]:
    """Named tuple classes inside nested containers that a program returning them could not be saved with."""
    inner = list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, (list, tuple)) else []
    own = [type(value)] if isinstance(value, tuple) and nameless_namedtuple(type(value)) else []
    return list(dict.fromkeys([*own, *[cls for v in inner for cls in unnamed_tuples(v)]]))


def _opaque(leaf: Any) -> bool:
    """Values that are one thing to a program: enums, script objects, symbolic numbers, functions."""
    symbolic = (torch.SymInt, torch.SymFloat, torch.SymBool, torch.ScriptObject, torch.Generator, torch.Size)
    return isinstance(leaf, symbolic) or callable(leaf) or isinstance(leaf, type) or not _holds_content(leaf)


def _holds_content(leaf: Any) -> bool:
    return hasattr(leaf, "__dict__") or isinstance(leaf, (dict, list, tuple)) or hasattr(type(leaf), "__slots__")


def _content(leaf: Any) -> dict[str, Any]:
    """Attributes of an object; the items of a dict, list or tuple subclass stand first under their keys."""
    content: dict[Any, Any] = {}
    if isinstance(leaf, dict):
        content.update({f"[{k!r}]": v for k, v in leaf.items()})
    elif isinstance(leaf, (list, tuple)):
        content.update({f"[{i}]": v for i, v in enumerate(leaf)})
    with contextlib.suppress(AttributeError):
        content.update(vars(leaf) if hasattr(leaf, "__dict__") else {})
    for cls in type(leaf).__mro__:
        for slot in getattr(cls, "__slots__", ()):
            if isinstance(slot, str) and slot not in ("__dict__", "__weakref__") and hasattr(leaf, slot):
                content[slot] = getattr(leaf, slot)
    return content


def register(cls: type) -> str:
    """Registers `cls` with pytree; returns the line another process needs before it loads the program.

    Instances are taken apart into their attributes and, for subclasses of dict, list and tuple, their items. Raises
    `ValueError` where `cls` is registered already.
    """
    name = f"{cls.__module__}.{cls.__qualname__}"
    if nameless_namedtuple(cls):
        register_namedtuple(cls, serialized_type_name=name)
        return f"torchdraft.register({name})"
    if dataclasses.is_dataclass(cls) and _plain_dataclass(cls):
        torch.export.register_dataclass(cls, serialized_type_name=name)
        return f"torch.export.register_dataclass({cls.__module__}.{cls.__qualname__}, serialized_type_name={name!r})"
    pytree.register_pytree_node(
        cls,
        lambda value: _take_apart(value),
        lambda children, context: _put_together(cls, children, context),
        serialized_type_name=name,
        to_dumpable_context=_to_json,
        from_dumpable_context=_from_json,
        flatten_with_keys_fn=lambda value: _take_apart_with_keys(value),
    )
    return f"torchdraft.register({cls.__module__}.{cls.__qualname__})"


def registered_output(session: Session, output: Any, forward: Any) -> Any:
    """What `forward` returned, in a form the program can return, with the classes in it that pytree did not know
    registered.
    """
    output = held_in_structure(output)
    for cls in [*unknown_classes(output), *unnamed_tuples(output)]:
        paste = register(cls)
        session.registered.append(cls)
        stack, full = returning(forward, cls.__name__), f"{cls.__module__}.{cls.__qualname__}"
        session.emit(TypeRegistered(stack=stack, cls=full, where="output", paste=paste))
    return output


def forget(classes: Iterable[type]) -> None:
    """Undoes `register`."""
    for cls in classes:
        unregister(cls)


def _plain_dataclass(cls: type) -> bool:
    has_init = any("__init__" in vars(c) for c in cls.__mro__[:-1])
    return has_init and all(f.init for f in dataclasses.fields(cls))


class Rest:
    """What of an object is not part of the graph: attribute names in order, and the values that are no tensors."""

    def __init__(self, names: list[str], fixed: dict[str, Any]) -> None:
        self.names = names
        self.fixed = fixed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rest) and self.names == other.names and list(self.fixed) == list(other.fixed)

    def __hash__(self) -> int:
        return hash(tuple(self.names))


def _dynamic(value: Any) -> bool:
    """Whether a value belongs in the graph: a tensor, or something that holds one."""
    if isinstance(value, torch.nn.Module):
        return False
    if isinstance(value, torch.Tensor):
        return True
    if isinstance(value, (list, tuple, dict)):
        return any(_dynamic(v) for v in (value.values() if isinstance(value, dict) else value))
    return is_registered(type(value)) and any(_dynamic(v) for v in pytree.tree_leaves(value))


def _take_apart(value: Any) -> tuple[list[Any], Rest]:
    content = _content(value)
    names = [n for n, v in content.items() if _dynamic(v)]
    return [content[n] for n in names], Rest(names, {n: v for n, v in content.items() if n not in names})


def _take_apart_with_keys(value: Any) -> tuple[list[tuple[Any, Any]], Rest]:
    children, rest = _take_apart(value)
    return [(_path_key(value, n), c) for n, c in zip(rest.names, children, strict=True)], rest


def _path_key(value: Any, name: str) -> Any:
    """The step from `value` to one of its children, in pytree's words."""
    if not name.startswith("["):
        return pytree.GetAttrKey(name)
    return pytree.MappingKey(_key(name)) if isinstance(value, dict) else pytree.SequenceKey(_key(name))


def _put_together(cls: type, children: Iterable[Any], rest: Rest) -> Any:
    new: Any = cls.__new__
    made = new(cls)
    content = dict(zip(rest.names, children, strict=True)) | rest.fixed
    for name, value in content.items():
        if name.startswith("["):
            key = _key(name)
            made.append(value) if isinstance(made, list) else made.__setitem__(key, value)
        else:
            object.__setattr__(made, name, value)
    return made


def _key(name: str) -> Any:
    import ast

    return ast.literal_eval(name[1:-1])


def _to_json(rest: Rest) -> Any:
    fixed = {}
    for name, value in rest.fixed.items():
        try:
            json.dumps(value)
            fixed[name] = value
        except (TypeError, ValueError):
            fixed[name] = {"__torchdraft_lost__": repr(value)[:200]}
    return {"names": rest.names, "fixed": fixed}


def _from_json(dumped: Any) -> Rest:
    fixed = {n: None if isinstance(v, dict) and "__torchdraft_lost__" in v else v for n, v in dumped["fixed"].items()}
    return Rest(list(dumped["names"]), fixed)


def drained(value: Any) -> Any:
    """`value` with generators turned into lists: a program returns what they would yield."""
    if isinstance(value, GeneratorType):
        return [drained(v) for v in value]
    if type(value) in (list, tuple):
        return type(value)(drained(v) for v in value)
    if type(value) is dict:
        return {k: drained(v) for k, v in value.items()}
    return value


class Held:
    """A value that no graph can return (a dtype, a device, a layout), kept in the structure of the outputs instead."""

    def __init__(self, value: Any) -> None:
        self.value = value


_HELD = (torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size)


def held_in_structure(value: Any) -> Any:
    """Nested outputs with each such value wrapped, so that pytree keeps it out of the leaves."""
    if isinstance(value, _HELD) and not (isinstance(value, torch.Size) and any(type(v) is not int for v in value)):
        return Held(value)
    if type(value) in (list, tuple):
        return type(value)(held_in_structure(v) for v in value)
    if type(value) is dict:
        held = {k: held_in_structure(v) for k, v in value.items()}
        return Keyed(held) if has_tuples(held) else held
    return value


def _held_from_text(text: str) -> Any:
    kind, _, written = text.partition(" ")
    if kind == "device":
        return torch.device(written)
    if kind == "Size":
        return torch.Size(json.loads(written))
    return getattr(torch, written.removeprefix("torch."))


def _held_as_text(value: Any) -> str:
    written = json.dumps(list(value)) if isinstance(value, torch.Size) else str(value)
    return f"{type(value).__name__} {written}"


pytree.register_pytree_node(
    Held,
    lambda held: ([], held.value),
    lambda _children, value: value,
    serialized_type_name="torchdraft.Held",
    to_dumpable_context=_held_as_text,
    from_dumpable_context=_held_from_text,
)
