"""Namespaces around a model: the globals and classes that its code reaches, and the objects that it holds."""

from __future__ import annotations

from collections import UserDict, UserList, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import torch

from torchdraft._torch.patching.changes import Changes

from .attributes import MODULE_TABLES, attributes_of
from .containers import content_of, is_container
from .reachable_code import ReachableCode, is_followed

WRAPPERS = (UserDict, UserList, WeakKeyDictionary, WeakValueDictionary)
"""Classes of Python's library that hold their content in a container in an attribute."""
_HOLDERS = (SimpleNamespace, *WRAPPERS)
"""Classes of Python's library whose only purpose is to hold values."""
MOST_PARTS = 64
"""How many parts of a container are searched for objects."""


@dataclass(slots=True)
class Namespace:
    """One namespace, with the values it had."""

    label: str
    live: Mapping[str, Any]
    owner: type | None
    """The class whose namespace it is. Its names are set as attributes."""
    names: dict[str, Any]
    containers: dict[str, Any]
    """Name → a copy of the container that it holds."""
    of: type | None = None
    """The class of the object whose namespace it is."""

    @property
    def is_module(self) -> bool:
        """Whether these are the globals of a module."""
        return self.owner is None and self.of is None

    def put(self, name: str, value: Any) -> None:
        """Binds a name."""
        if self.owner is not None:
            setattr(self.owner, name, value)
        else:
            self.live[name] = value  # type: ignore[index]

    def drop(self, name: str) -> None:
        """Unbinds a name."""
        if self.owner is not None:
            delattr(self.owner, name)
        else:
            del self.live[name]  # type: ignore[attr-defined]

    def replace(self, changes: Changes, name: str, value: Any) -> None:
        """Binds a name until `changes` are undone."""
        if self.owner is not None:
            changes.attribute(self.owner, name, value)
        else:
            changes.item(self.live, name, value)  # type: ignore[arg-type]


def replace_values(changes: Changes, namespaces: Iterable[Namespace], instead: Mapping[int, Any]) -> None:
    """Rebinds each name whose value has an entry in `instead`, by identity, until `changes` are undone."""
    for space in namespaces:
        for name, value in space.names.items():
            if id(value) in instead:
                space.replace(changes, name, instead[id(value)])


def namespaces_of(mod: torch.nn.Module, reachable: ReachableCode) -> list[Namespace]:
    """The namespaces that the code of `mod` reaches."""
    found = [_namespace(label, space) for label, space in reachable.globals.values()]
    found += [_namespace(f"{c.__module__}.{c.__qualname__}", vars(c), c) for c in reachable.classes]
    return [*found, *_objects(mod, found)]


def _namespace(label: str, live: Mapping[str, Any], owner: type | None = None) -> Namespace:
    names = {n: v for n, v in live.items() if not n.startswith("__")}
    return Namespace(label, live, owner, names, {n: content_of(v) for n, v in names.items() if is_container(v)})


def _objects(mod: torch.nn.Module, spaces: list[Namespace]) -> Iterator[Namespace]:
    """Objects of the model's own classes that are no modules: attributes of the model's modules, globals, and what
    these objects hold, also in containers.
    """
    visited: set[int] = set()
    waiting = deque(
        (f"{name}.{n}".lstrip("."), value)
        for name, module in mod.named_modules()
        for n, value in vars(module).items()
        if n not in MODULE_TABLES
    )
    waiting += [(f"{space.label}.{n}", v) for space in spaces if space.owner is None for n, v in space.names.items()]
    while waiting:
        label, value = waiting.popleft()
        if id(value) in visited or isinstance(value, (torch.nn.Module, type)):
            continue
        visited.add(id(value))
        if isinstance(value, (dict, list, tuple, deque)):
            waiting += _parts(label, value)
        elif _is_object_of_the_model(value) and (attributes := attributes_of(value)) is not None:
            space = replace(_namespace(label, attributes), of=type(value))
            waiting += [(f"{label}.{n}", v) for n, v in space.names.items()]
            yield space


def _is_object_of_the_model(value: Any) -> bool:
    cls = type(value)
    return cls in _HOLDERS or (cls.__module__ != "builtins" and is_followed(cls.__module__))


def _parts(label: str, container: Any) -> list[tuple[str, Any]]:
    parts = container.items() if isinstance(container, dict) else enumerate(container)
    return [(f"{label}[{key!r}]", value) for key, value in islice(parts, MOST_PARTS) if type(value) not in _PLAIN]


_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes, type, torch.Tensor, torch.nn.Parameter))
