"""Classes pytree does not know: registers those that inputs and outputs are made of, so that the program can be called.

A class is taken apart into its attributes (or a dict subclass's items). What is a tensor, or holds one, becomes part of
the graph's inputs or outputs; the rest travels in the structure, as JSON where it can be written so.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._source.definitions import returning
from torchdraft._torch import pytree
from torchdraft._torch.pytree import is_registered, is_unsaveable_namedtuple, register_namedtuple, unregister
from torchdraft.model.events import TypeRegistered

from .json_values import from_json_value, to_json_value
from .object_fields import LEAVES, OPAQUE, fields_of, holds_content, opaque, slots_of
from .outputs import APART, with_static_outputs

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


def unknown_classes(value: Any, seen: set[int] | None = None) -> list[type]:
    """Classes inside `value` that pytree would treat as leaves although they hold something."""
    seen = set() if seen is None else seen
    found: list[type] = []
    for leaf in pytree.tree_leaves(value, is_leaf=lambda inner: type(inner) in _BY_CONTENT):
        cls = type(leaf)
        if isinstance(leaf, LEAVES) or id(leaf) in seen or opaque(leaf):
            continue
        seen.add(id(leaf))
        if not is_registered(cls) and cls not in found:
            found.append(cls)
        found.extend(c for c in unknown_classes(list(fields_of(leaf).values()), seen) if c not in found)
    return found


def unnamed_tuples(value: Any, seen: set[int] | None = None) -> list[type]:
    """Named tuple classes inside `value` that a program returning them could not be saved with."""
    seen = set() if seen is None else seen
    if isinstance(value, (*LEAVES, *OPAQUE)) or id(value) in seen:
        return []
    seen.add(id(value))
    own = [type(value)] if isinstance(value, tuple) and is_unsaveable_namedtuple(type(value)) else []
    inner = fields_of(value).values() if holds_content(value) else []
    return list(dict.fromkeys([*own, *[cls for v in inner for cls in unnamed_tuples(v, seen)]]))


def register(cls: type) -> str:
    """Registers `cls` with pytree; returns the line another process needs before it loads the program.

    Instances are taken apart into their attributes and, for subclasses of dict, list and tuple, their items. Raises
    `ValueError` where `cls` is registered already.
    """
    name = f"{cls.__module__}.{cls.__qualname__}"
    if is_unsaveable_namedtuple(cls):
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


class OutputTypes:
    """Registers the classes of what `forward` returns in one trace."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.classes: list[type] = []
        """Those registered so far, to be unregistered where the draft fails."""

    def registered(self, output: Any, forward: Any) -> Any:
        """`output` in a form that a program can return. Classes in it that pytree did not know are registered."""
        output = with_static_outputs(output)
        for cls in [*unknown_classes(output), *unnamed_tuples(output)]:
            paste = register(cls)
            self.classes.append(cls)
            stack, full = returning(forward, cls.__name__), f"{cls.__module__}.{cls.__qualname__}"
            self.context.log.emit(TypeRegistered(stack=stack, cls=full, where="output", paste=paste))
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

    def __init__(
        self,
        names: list[str],
        fixed: dict[str, Any],
        backward: Iterable[Sequence[Any]] = (),
        order: Sequence[str] = (),
    ) -> None:
        self.names = names
        self.fixed = fixed
        self.order = list(order) or [*names, *fixed]
        """Every attribute, as the object came by them."""
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
    """Whether a value belongs in the graph: a tensor, a symbolic number, or something that holds one."""
    if isinstance(value, torch.nn.Module):
        return False
    if isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool)) or type(value) in _BY_CONTENT:
        return True
    if type(value) in APART:
        return any(_dynamic(part) for part in APART[type(value)](value))
    if isinstance(value, (list, tuple, dict)):
        return any(_dynamic(v) for v in (value.values() if isinstance(value, dict) else value))
    return is_registered(type(value)) and any(_dynamic(v) for v in pytree.tree_leaves(value))


def _take_apart(value: Any) -> tuple[list[Any], Rest]:
    content = fields_of(value)
    names = [n for n, v in content.items() if _dynamic(v)]
    fixed = {n: v for n, v in content.items() if n not in names}
    return [with_static_outputs(content[n]) for n in names], Rest(
        names, fixed, _references(value, content), list(content)
    )


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
    parts = dict(zip(rest.names, children, strict=True)) | rest.fixed
    content = {name: parts[name] for name in rest.order}
    items = {_key(name): value for name, value in content.items() if name.startswith("[")}
    made = _blank(cls, items)
    slots = slots_of(cls)
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
    fixed = {name: to_json_value(value) for name, value in rest.fixed.items()}
    return {"names": rest.names, "fixed": fixed, "backward": rest.backward, "order": rest.order}


def _from_json(dumped: Any) -> Rest:
    fixed = {name: from_json_value(value) for name, value in dumped["fixed"].items()}
    return Rest(list(dumped["names"]), fixed, dumped.get("backward", ()), dumped.get("order", ()))
