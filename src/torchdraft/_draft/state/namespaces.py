"""State outside the model that a trace can write to: globals and classes its code reaches, objects it holds, closures.

What a trace leaves there (usually a tensor of the trace, in a cache) is told and taken back.
"""

from __future__ import annotations

from collections import UserDict, UserList
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import CellType, SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import torch

from torchdraft._source.definitions import mentioning, writes_to, writing
from torchdraft._source.functions import plain_function
from torchdraft._torch.shapes import SYMBOLIC
from torchdraft.model.events import Frame

from .containers import CONTAINERS, content_of, is_container, parts_of, restore_content, same_content, same_copy
from .external_tensors import external_tensors, hidden_modules
from .reachable_code import Reach, is_followed

_WRAPPERS = (UserDict, UserList, WeakKeyDictionary, WeakValueDictionary)
"""Classes of Python's library that keep what they hold in a container of theirs."""


@dataclass(slots=True)
class Namespace:
    """One place names live in, as it was."""

    label: str
    live: Mapping[str, Any]
    owner: type | None
    """The class, where the place is one: its names are set as attributes."""
    names: dict[str, Any]
    containers: dict[str, Any]
    of: type | None = None
    """The class of the object, where the place is one."""

    @property
    def is_module(self) -> bool:
        """Whether the place is the globals of a module."""
        return self.owner is None and self.of is None

    def put(self, name: str, value: Any) -> None:
        """Sets a name back."""
        if self.owner is not None:
            setattr(self.owner, name, value)
        else:
            self.live[name] = value  # type: ignore[index]

    def drop(self, name: str) -> None:
        """Takes a name away."""
        if self.owner is not None:
            delattr(self.owner, name)
        else:
            del self.live[name]  # type: ignore[attr-defined]


@contextmanager
def names_replaced(places: Iterable[tuple[Namespace, str, Any]], instead: Mapping[int, Any]) -> Iterator[None]:
    """In this block each name of `places` holds what stands `instead` of its value, which is known by its address."""
    lent = list(places)
    for space, name, value in lent:
        space.put(name, instead[id(value)])
    try:
        yield
    finally:
        for space, name, value in lent:
            space.put(name, value)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that holds another thing than before."""

    name: str
    """Dotted, as far as it is known: `app.tables.CACHE`."""
    tensors: tuple[torch.Tensor, ...]
    """The tensors that came to it."""
    only_added: bool
    """Whether tensors were all that came, and nothing went."""
    owner: type | None = None
    """The class of the object whose attribute it is."""
    left: ResidualValue | None = None
    """What can be left there once more; None where tensors or symbolic numbers are part of it."""


@dataclass(frozen=True, slots=True)
class ResidualValue:
    """What a name came to hold."""

    space: Namespace
    name: str
    value: Any
    content: Any
    """A copy where it is a container."""

    def again(self) -> None:
        """Makes the name hold it."""
        if self.content is not None:
            restore_content(self.value, self.content)
        self.space.put(self.name, self.value)

    def same_as(self, other: ResidualValue | None) -> bool:
        """Whether it is what was left another time."""
        return other is not None and same_copy(
            *((self.value, other.value) if self.content is None else (self.content, other.content))
        )


class NamespaceState:
    """What the globals, classes, objects and closures around a model held before a trace."""

    def __init__(self, mod: torch.nn.Module) -> None:
        self.reach = Reach.of(mod)
        self.namespaces = [_namespace(label, space) for label, space in self.reach.globals.values()]
        self.namespaces += [_namespace(f"{c.__module__}.{c.__qualname__}", vars(c), c) for c in self.reach.classes]
        self.namespaces += list(_objects(mod, self.namespaces))
        self.cells = [(name, cell, *_content(cell)) for name, cell in self._cells()]
        self.defaults = [(name, held, content_of(held)) for name, held in self._defaults()]
        held = list(self._named())
        self.tensors = external_tensors(mod, held)
        self.hidden = hidden_modules(mod, held)

    def _named(self) -> Iterator[tuple[str, Any]]:
        """What stands around the model under a name that its code knows."""
        for space in self.namespaces:
            for name, value in space.names.items():
                if not space.is_module or name in self.reach.names():
                    yield f"{space.label}.{name}", value
        yield from ((name, had) for name, _, had, _ in self.cells)

    def _cells(self) -> Iterator[tuple[str, CellType]]:
        for function in self.reach.functions.values():
            for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                if variable != "__class__":
                    yield f"{function.__qualname__}.{variable}", cell

    def _defaults(self) -> Iterator[tuple[str, Any]]:
        """Containers that are the defaults of arguments: `def forward(self, x, seen=[])`."""
        for function in self.reach.functions.values():
            code, given = function.__code__, function.__defaults__ or ()
            names = code.co_varnames[code.co_argcount - len(given) : code.co_argcount]
            for name, value in (*zip(names, given, strict=True), *(function.__kwdefaults__ or {}).items()):
                if is_container(value):
                    yield f"{function.__qualname__}.{name}", value

    def changed(self) -> Iterator[Change]:
        """What holds something else now."""
        for space in self.namespaces:
            for name, value in space.live.items():
                if name not in space.names:
                    if not name.startswith("__") and _traced(value):
                        yield change(f"{space.label}.{name}", None, value, space.of)
                elif _replaced(value, space.names[name]):
                    yield _with_left(space, name, space.names[name], value)
                elif self._refilled(space, name):
                    yield _with_left(space, name, space.containers[name], value)
        for name, cell, had, kept in self.cells:
            if not _unchanged(cell, had, kept):
                now = _content(cell)[0]
                yield change(name, kept if now is had else None if had is _EMPTY else had, now)
        for name, held, content in self.defaults:
            if not same_content(held, content):
                yield change(name, content, held)

    def _refilled(self, space: Namespace, name: str) -> bool:
        """Whether a container holds other things. Numbers in a global that the model's code does not name don't count:
        a kernel counted its calls, and the program calls it too.
        """
        content = space.containers.get(name)
        if content is None or same_content(space.live.get(name), content):
            return False
        return not space.is_module or name in self.reach.names() or _traced(space.live[name]) or _traced(content)

    def where_written(self, left: Change) -> tuple[Frame, ...]:
        """The line that writes to it, or at least names it. An object's class comes first: mostly it is `self.name`."""
        path, _, leaf = left.name.rpartition(".")
        if left.owner in _WRAPPERS:  # the code writes to the object, which writes to its `data`
            leaf = path.rpartition(".")[2]
        functions = map(plain_function, vars(left.owner).values()) if left.owner is not None else ()
        codes = [*(f.__code__ for f in functions if f is not None), *self.reach.codes()]
        codes = [c for c in codes if leaf in (*c.co_names, *c.co_freevars, *c.co_varnames)]
        codes.sort(key=lambda c: c.co_name == "__init__")  # what was there before the trace was made before it
        return writing(codes, writes_to(leaf)) or writing(codes, mentioning(leaf))

    def restore(self) -> None:
        """Puts back what changed."""
        for outsider in self.tensors:
            outsider.restore()
        for _, held, content in self.defaults:
            restore_content(held, content)
        for space in self.namespaces:
            new = space.live.keys() - space.names.keys()
            for name in [n for n in new if not n.startswith("__") and _traced(space.live[n])]:
                space.drop(name)
            for name, value in space.names.items():
                now = space.live.get(name)
                if now is not value and (_traced(now) or _plain(now)):
                    space.put(name, value)
                if self._refilled(space, name):
                    restore_content(value, space.containers[name])
        for _, cell, had, kept in self.cells:
            if not _unchanged(cell, had, kept):
                if kept is not None:
                    restore_content(had, kept)
                if had is _EMPTY:
                    del cell.cell_contents
                else:
                    cell.cell_contents = had


def _namespace(label: str, live: Mapping[str, Any], owner: type | None = None) -> Namespace:
    names = {n: v for n, v in live.items() if not n.startswith("__")}
    return Namespace(label, live, owner, names, {n: content_of(v) for n, v in names.items() if is_container(v)})


def _objects(mod: torch.nn.Module, spaces: list[Namespace]) -> Iterator[Namespace]:
    """Objects of the model's own classes that are no modules: attributes of the model's modules, and globals."""
    seen: set[int] = set()
    held = [(f"{name}.{n}".lstrip("."), v) for name, m in mod.named_modules() for n, v in vars(m).items()]
    held += [(f"{space.label}.{n}", v) for space in spaces if space.owner is None for n, v in space.names.items()]
    for label, value in held:
        cls = type(value)
        if id(value) in seen or isinstance(value, (torch.nn.Module, type)):
            continue
        if cls not in _HOLDERS and not is_followed(cls.__module__):
            continue
        seen.add(id(value))
        if cls.__module__ != "builtins" and type(getattr(value, "__dict__", None)) is dict:
            yield replace(_namespace(label, vars(value)), of=cls)


def _content(cell: CellType) -> tuple[Any, Any]:
    """What a closure's variable holds, and a copy where that is a container."""
    try:
        held = cell.cell_contents
    except ValueError:
        return _EMPTY, None
    return held, content_of(held) if is_container(held) else None


_HOLDERS = (SimpleNamespace, *_WRAPPERS)
"""Classes of Python's library that are there to hold what others put into them."""


class _Empty:
    """An unset variable."""


_EMPTY = _Empty()


def _unchanged(cell: CellType, had: Any, kept: Any) -> bool:
    now = _content(cell)[0]
    if now is not had:
        return not (_traced(now) or _plain(now))
    return kept is None or same_content(now, kept)


def change(name: str, before: Any, now: Any, owner: type | None = None) -> Change:
    """What became of a name, the attribute of an object of class `owner`; `before` is None where it held nothing."""
    old = {id(v) for v in ([] if before is None else parts_of(before))}
    held = parts_of(now)
    new = [v for v in held if id(v) not in old]
    tensors = tuple(v for v in new if isinstance(v, torch.Tensor))
    return Change(name, tensors, len(held) - len(new) == len(old) and 0 < len(tensors) == len(new), owner)


def _with_left(space: Namespace, name: str, before: Any, now: Any) -> Change:
    found = change(f"{space.label}.{name}", before, now, space.of)
    if any(isinstance(part, (torch.Tensor, *SYMBOLIC)) for part in parts_of(now)):
        return found
    return replace(found, left=ResidualValue(space, name, now, content_of(now) if is_container(now) else None))


def _replaced(now: Any, before: Any) -> bool:
    return now is not before and (_traced(now) or _plain(now))


def _traced(value: Any) -> bool:
    """A tensor, or a container of tensors."""
    if type(value) not in CONTAINERS and type(value) is not tuple:
        return isinstance(value, torch.Tensor)
    return any(isinstance(part, torch.Tensor) for part in parts_of(value)[:16])


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, bool, *SYMBOLIC))
