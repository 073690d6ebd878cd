"""Classes pytree does not know: registers those that inputs and outputs are made of, so that the program can be called.

A class is taken apart into its attributes (or a dict subclass's items). What is a tensor, or holds one, becomes part of
the graph's inputs or outputs; the rest travels in the structure, as JSON where it can be written so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import json
import operator
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import BuiltinFunctionType, FunctionType, GeneratorType, MemberDescriptorType, MethodType
from typing import TYPE_CHECKING, Any

import torch

from .._torch import pytree
from .._torch.pytree import is_registered, nameless_namedtuple, register_namedtuple, unregister
from .events import TypeRegistered
from .keys import Keyed, has_tuples, key_of, text_of
from .places import returning

if TYPE_CHECKING:
    from .session import Session

LEAVES = (torch.Tensor, int, float, bool, str, bytes, complex, type(None), torch.dtype, torch.device, torch.nn.Module)


def unknown_classes(value: Any, seen: set[int] | None = None) -> list[type]:
    """Classes inside `value` that pytree would treat as leaves although they hold something."""
    seen = set() if seen is None else seen
    found: list[type] = []
    for leaf in pytree.tree_leaves(value, is_leaf=lambda inner: type(inner) in _BY_CONTENT):
        cls = type(leaf)
        if isinstance(leaf, LEAVES) or id(leaf) in seen or _opaque(leaf):
            continue
        seen.add(id(leaf))
        if not is_registered(cls) and cls not in found:
            found.append(cls)
        found.extend(c for c in unknown_classes(list(_content(leaf).values()), seen) if c not in found)
    return found


def unnamed_tuples(value: Any) -> list[type]:
    """Named tuple classes inside nested containers that a program returning them could not be saved with."""
    inner = list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, (list, tuple)) else []
    own = [type(value)] if isinstance(value, tuple) and nameless_namedtuple(type(value)) else []
    return list(dict.fromkeys([*own, *[cls for v in inner for cls in unnamed_tuples(v)]]))


def _opaque(leaf: Any) -> bool:
    """Values that are one thing to a program: enums, script objects, symbolic numbers, functions, references."""
    if isinstance(leaf, _OPAQUE) or not _holds_content(leaf):
        return True
    return callable(leaf) and not _holds_tensor(leaf, set())


_OPAQUE = (
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


def _holds_tensor(value: Any, seen: set[int]) -> bool:
    """Whether there is a tensor in an object, in what it holds, and so on."""
    for leaf in pytree.tree_leaves(value):
        if isinstance(leaf, torch.Tensor):
            return True
        if isinstance(leaf, (*LEAVES, *_OPAQUE)) or id(leaf) in seen:
            continue
        seen.add(id(leaf))
        if _holds_content(leaf) and _holds_tensor(list(_content(leaf).values()), seen):
            return True
    return False


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
    for name, slot in _slots(type(leaf)).items():
        with contextlib.suppress(AttributeError):
            content[name] = slot.__get__(leaf)
    return content


def _slots(cls: type) -> dict[str, Any]:
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
    _BY_CONTENT.add(cls)
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


_BY_CONTENT: set[type] = set()
"""Classes registered by their content: of an unknown class in there pytree tells nothing."""


def forget(classes: Iterable[type]) -> None:
    """Undoes `register`."""
    for cls in classes:
        _BY_CONTENT.discard(cls)
        unregister(cls)


def _plain_dataclass(cls: type) -> bool:
    has_init = any("__init__" in vars(c) for c in cls.__mro__[:-1])
    return has_init and all(f.init for f in dataclasses.fields(cls))


class Rest:
    """What of an object is not part of the graph: attribute names in order, and the values that are no tensors."""

    def __init__(self, names: list[str], fixed: dict[str, Any], backward: Iterable[Sequence[Any]] = ()) -> None:
        self.names = names
        self.fixed = fixed
        self.backward = [tuple(path) for path in backward]
        """Weak references back to the object: attribute, place in it, attribute of what is there."""

    def __eq__(self, other: object) -> bool:
        """The program is made for the plain values; what else the object holds cannot be compared."""
        if not isinstance(other, Rest) or self.names != other.names or list(self.fixed) != list(other.fixed):
            return False
        pairs = ((value, other.fixed[name]) for name, value in self.fixed.items())
        return all(_same(mine, theirs) for mine, theirs in pairs if isinstance(mine, _PLAIN))

    def __hash__(self) -> int:
        return hash(tuple(self.names))


_PLAIN = (bool, int, float, str)


def _same(mine: Any, theirs: Any) -> bool:
    return type(mine) is type(theirs) and bool(mine == theirs or (mine != mine and theirs != theirs))


def _dynamic(value: Any) -> bool:
    """Whether a value belongs in the graph: a tensor, or something that holds one."""
    if isinstance(value, torch.nn.Module):
        return False
    if isinstance(value, torch.Tensor) or type(value) in _BY_CONTENT:
        return True
    if isinstance(value, (list, tuple, dict)):
        return any(_dynamic(v) for v in (value.values() if isinstance(value, dict) else value))
    return is_registered(type(value)) and any(_dynamic(v) for v in pytree.tree_leaves(value))


def _take_apart(value: Any) -> tuple[list[Any], Rest]:
    content = _content(value)
    names = [n for n, v in content.items() if _dynamic(v)]
    fixed = {n: v for n, v in content.items() if n not in names}
    return [_spelled(content[n]) for n in names], Rest(names, fixed, _references(value, content))


def _spelled(child: Any) -> Any:
    return Keyed(child) if type(child) is dict and has_tuples(child) else child


def _references(value: Any, content: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Where what `value` holds refers weakly to it."""
    for name, child in content.items():
        for place, held in enumerate(_held_in(child)):
            for attribute, reference in getattr(held, "__dict__", {}).items():
                if isinstance(reference, weakref.ref) and reference() is value:
                    yield name, place, attribute


def _held_in(child: Any) -> list[Any]:
    return list(child.values()) if type(child) is dict else list(child) if type(child) in (list, tuple) else [child]


def _take_apart_with_keys(value: Any) -> tuple[list[tuple[Any, Any]], Rest]:
    children, rest = _take_apart(value)
    return [(_path_key(value, n), c) for n, c in zip(rest.names, children, strict=True)], rest


def _path_key(value: Any, name: str) -> Any:
    """The step from `value` to one of its children, in pytree's words."""
    if not name.startswith("["):
        return pytree.GetAttrKey(name)
    return pytree.MappingKey(_key(name)) if isinstance(value, dict) else pytree.SequenceKey(_key(name))


def _put_together(cls: type, children: Iterable[Any], rest: Rest) -> Any:
    content = dict(zip(rest.names, children, strict=True)) | rest.fixed
    items = {_key(name): value for name, value in content.items() if name.startswith("[")}
    made = _blank(cls, items)
    slots = _slots(cls)
    for name, value in content.items():
        if name in slots:
            slots[name].__set__(made, value)
        elif not name.startswith("["):
            made.__dict__[name] = value
    for name, place, attribute in rest.backward:
        _held_in(content[name])[place].__dict__[attribute] = weakref.ref(made)
    return made


def _blank(cls: type, items: dict[Any, Any]) -> Any:
    """An object of `cls` with the items of a dict, list or tuple, made without a call of its own code."""
    plain: Any = next(base for base in cls.__mro__ if isinstance(vars(base).get("__new__"), BuiltinFunctionType))
    if issubclass(cls, tuple):
        return plain.__new__(cls, [items[place] for place in sorted(items)])
    made = plain.__new__(cls)
    for key in sorted(items) if issubclass(cls, list) else items:
        plain.append(made, items[key]) if issubclass(cls, list) else plain.__setitem__(made, key, items[key])
    return made


def _key(name: str) -> Any:
    import ast

    return ast.literal_eval(name[1:-1])


def _to_json(rest: Rest) -> Any:
    fixed = {name: _written(value) for name, value in rest.fixed.items()}
    return {"names": rest.names, "fixed": fixed, "backward": rest.backward}


def _written(value: Any) -> Any:
    if isinstance(value, _HELD):
        return {_HELD_TEXT: _held_as_text(value)}
    if has_tuples([value]):
        return {_TUPLE: text_of(value)}
    if isinstance(value, (type, FunctionType)) and _named(value.__module__, value.__qualname__) is value:
        return {_NAMED: [value.__module__, value.__qualname__]}
    if isinstance(value, enum.Enum) and _named(type(value).__module__, type(value).__qualname__) is type(value):
        return {_NAMED: [type(value).__module__, f"{type(value).__qualname__}.{value.name}"]}
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return {"__torchdraft_lost__": repr(value)[:200]}
    return value


def _named(module: str, name: str) -> Any:
    """A class or function by its name, where its module is loaded."""
    try:
        return operator.attrgetter(name)(sys.modules[module])
    except (AttributeError, KeyError):
        return None


def _from_json(dumped: Any) -> Rest:
    fixed = {name: _read(value) for name, value in dumped["fixed"].items()}
    return Rest(list(dumped["names"]), fixed, dumped.get("backward", ()))


_TUPLE = "__torchdraft_tuple__"
_NAMED = "__torchdraft_named__"
_HELD_TEXT = "__torchdraft_held__"


def _read(value: Any) -> Any:
    if isinstance(value, dict) and _TUPLE in value:
        return key_of(value[_TUPLE])
    if isinstance(value, dict) and _NAMED in value:
        return _named(*value[_NAMED])
    if isinstance(value, dict) and _HELD_TEXT in value:
        return _held_from_text(value[_HELD_TEXT])
    return None if isinstance(value, dict) and "__torchdraft_lost__" in value else value


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
