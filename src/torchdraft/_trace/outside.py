"""State outside the model that a trace can write to: globals and classes its code reaches, objects it holds, closures.

What a trace leaves there (usually a tensor of the trace, in a cache) is told and taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CellType
from typing import Any

import torch

from .events import Frame
from .places import mentioning, writes_to, writing
from .reach import Reach, is_followed

MOST_ITEMS = 4096
"""Containers with more items are not watched."""

_CONTAINERS = (list, dict, set)


@dataclass(slots=True)
class Namespace:
    """One place names live in, as it was."""

    label: str
    live: Mapping[str, Any]
    owner: type | None
    """The class, where the place is one: its names are set as attributes."""
    names: dict[str, Any]
    containers: dict[str, Any]

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


@dataclass(frozen=True, slots=True)
class Change:
    """Something that holds another thing than before."""

    name: str
    """Dotted, as far as it is known: `app.tables.CACHE`."""
    tensors: tuple[torch.Tensor, ...]
    """The tensors that came to it."""
    only_added: bool
    """Whether tensors were all that came, and nothing went."""


class OutsideState:
    """What the globals, classes, objects and closures around a model held before a trace."""

    def __init__(self, mod: torch.nn.Module) -> None:
        self.reach = Reach.of(mod)
        self.namespaces = [_namespace(label, space) for label, space in self.reach.globals.values()]
        self.namespaces += [_namespace(f"{c.__module__}.{c.__qualname__}", vars(c), c) for c in self.reach.classes]
        self.namespaces += list(_objects(mod, self.namespaces))
        self.cells = [(name, cell, *_content(cell)) for name, cell in self._cells()]

    def _cells(self) -> Iterator[tuple[str, CellType]]:
        for function in self.reach.functions.values():
            for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                if variable != "__class__":
                    yield f"{function.__qualname__}.{variable}", cell

    def changed(self) -> Iterator[Change]:
        """What holds something else now."""
        for space in self.namespaces:
            for name, value in space.live.items():
                full = f"{space.label}.{name}"
                if name not in space.names:
                    if _traced(value):
                        yield change(full, None, value)
                elif _replaced(value, space.names[name]):
                    yield change(full, space.names[name], value)
                elif _refilled(value, space.containers.get(name)):
                    yield change(full, space.containers[name], value)
        for name, cell, had, kept in self.cells:
            if not _unchanged(cell, had, kept):
                now = _content(cell)[0]
                yield change(name, kept if now is had else None if had is _EMPTY else had, now)

    def where_written(self, name: str) -> tuple[Frame, ...]:
        """The line that writes to it, or at least names it."""
        leaf = name.rpartition(".")[2]
        codes = [code for code in self.reach.codes() if leaf in (*code.co_names, *code.co_freevars)]
        return writing(codes, writes_to(leaf)) or writing(codes, mentioning(leaf))

    def restore(self) -> None:
        """Puts back what changed."""
        for space in self.namespaces:
            for name in [n for n, v in space.live.items() if n not in space.names and _traced(v)]:
                space.drop(name)
            for name, value in space.names.items():
                now = space.live.get(name)
                if now is not value and (_traced(now) or _plain(now)):
                    space.put(name, value)
                if name in space.containers and not _same(value, space.containers[name]):
                    _refill(value, space.containers[name])
        for _, cell, had, kept in self.cells:
            if not _unchanged(cell, had, kept):
                if isinstance(had, _CONTAINERS):
                    _refill(had, kept)
                if had is _EMPTY:
                    del cell.cell_contents
                else:
                    cell.cell_contents = had


def _namespace(label: str, live: Mapping[str, Any], owner: type | None = None) -> Namespace:
    names = {n: v for n, v in live.items() if not n.startswith("__")}
    small = {n: v for n, v in names.items() if type(v) in _CONTAINERS and len(v) <= MOST_ITEMS}
    return Namespace(label, live, owner, names, {n: v.copy() for n, v in small.items()})


def _objects(mod: torch.nn.Module, spaces: list[Namespace]) -> Iterator[Namespace]:
    """Objects of the model's own classes that are no modules: attributes of the model's modules, and globals."""
    seen: set[int] = set()
    held = [(f"{name}.{n}".lstrip("."), v) for name, m in mod.named_modules() for n, v in vars(m).items()]
    held += [(f"{space.label}.{n}", v) for space in spaces if space.owner is None for n, v in space.names.items()]
    for label, value in held:
        cls = type(value)
        if id(value) in seen or isinstance(value, (torch.nn.Module, type)) or not is_followed(cls.__module__):
            continue
        seen.add(id(value))
        if cls.__module__ != "builtins" and type(getattr(value, "__dict__", None)) is dict:
            yield _namespace(label, vars(value))


def _content(cell: CellType) -> tuple[Any, Any]:
    """What a closure's variable holds, and a copy where that is a container."""
    try:
        held = cell.cell_contents
    except ValueError:
        return _EMPTY, None
    return held, held.copy() if type(held) in _CONTAINERS and len(held) <= MOST_ITEMS else None


class _Empty:
    """An unset variable."""


_EMPTY = _Empty()


def _unchanged(cell: CellType, had: Any, kept: Any) -> bool:
    now = _content(cell)[0]
    if now is not had:
        return not (_traced(now) or _plain(now))
    return kept is None or _same(now, kept)


def change(name: str, before: Any, now: Any) -> Change:
    """What became of a name; `before` is None where it held nothing."""
    old = {id(v) for v in ([] if before is None else _values(before))}
    held = _values(now)
    new = [v for v in held if id(v) not in old]
    tensors = tuple(v for v in new if isinstance(v, torch.Tensor))
    return Change(name, tensors, len(held) - len(new) == len(old) and 0 < len(tensors) == len(new))


def _values(value: Any) -> list[Any]:
    if type(value) in (list, tuple, set):
        return [inner for v in list(value) for inner in _values(v)]
    return [inner for v in list(value.values()) for inner in _values(v)] if type(value) is dict else [value]


def _replaced(now: Any, before: Any) -> bool:
    return now is not before and (_traced(now) or _plain(now))


def _refilled(now: Any, content: Any) -> bool:
    return content is not None and not _same(now, content)


def _traced(value: Any) -> bool:
    """A tensor, or a container of tensors."""
    if isinstance(value, torch.Tensor):
        return True
    if type(value) in (list, tuple, set):
        return any(isinstance(v, torch.Tensor) for v in list(value)[:16])
    return type(value) is dict and any(isinstance(v, torch.Tensor) for v in list(value.values())[:16])


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, bool, torch.SymInt, torch.SymFloat, torch.SymBool))


def _same(left: Any, right: Any) -> bool:
    if type(left) is not type(right) or len(left) != len(right):
        return False
    if isinstance(left, dict):
        return all(k in right and left[k] is right[k] for k in left)
    if isinstance(left, set):
        return {id(v) for v in left} == {id(v) for v in right}
    return all(a is b for a, b in zip(left, right, strict=True))


def _refill(container: Any, content: Any) -> None:
    container.clear()
    if isinstance(container, list):
        container.extend(content)
    else:
        container.update(content)
