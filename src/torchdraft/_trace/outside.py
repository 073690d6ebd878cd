"""State outside the model that a trace can write to: globals of the files its classes come from, class attributes, and
closures of its methods. What a trace leaves there (usually a tensor of the trace, in a cache) is told and taken back.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import CellType, FunctionType, ModuleType
from typing import Any

import torch

MOST_ITEMS = 4096
"""Containers with more items are not watched."""

_CONTAINERS = (list, dict, set)


@dataclass(slots=True)
class Namespace:
    """One place names live in, as it was."""

    label: str
    owner: Any
    names: dict[str, Any]
    containers: dict[str, Any]


class OutsideState:
    """What the globals, classes and closures around a model held before a trace."""

    def __init__(self, mod: torch.nn.Module) -> None:
        classes = {cls for m in mod.modules() for cls in type(m).__mro__ if not cls.__module__.startswith(_SKIPPED)}
        files = {cls.__module__ for cls in classes}
        self.namespaces = [self._of_module(sys.modules[f]) for f in files if f in sys.modules]
        self.namespaces += [self._of_class(cls) for cls in classes]
        self.cells = [(cls, name, cell, _content(cell)) for cls in classes for name, cell in _cells(cls)]

    def _of_module(self, module: ModuleType) -> Namespace:
        return _namespace(module.__name__, module, vars(module))

    def _of_class(self, cls: type) -> Namespace:
        return _namespace(f"{cls.__module__}.{cls.__qualname__}", cls, dict(vars(cls)))

    def changed(self) -> list[str]:
        """Dotted names that hold something else now."""
        found = []
        for space in self.namespaces:
            live = vars(space.owner)
            for name, value in live.items():
                if name not in space.names:
                    if _traced(value):
                        found.append(f"{space.label}.{name}")
                elif _replaced(value, space.names[name]) or _refilled(value, space.containers.get(name)):
                    found.append(f"{space.label}.{name}")
        found += [
            f"{c.__qualname__}.{name}" for c, name, cell, (had, kept) in self.cells if not _unchanged(cell, had, kept)
        ]
        return found

    def restore(self) -> None:
        """Puts back what changed."""
        for space in self.namespaces:
            live = vars(space.owner)
            for name in [n for n, v in live.items() if n not in space.names and _traced(v)]:
                delattr(space.owner, name)
            for name, value in space.names.items():
                now = live.get(name)
                if now is not value and (_traced(now) or _plain(now)):
                    setattr(space.owner, name, value)
                if name in space.containers and not _same(value, space.containers[name]):
                    _refill(value, space.containers[name])
        for _, _, cell, (had, kept) in self.cells:
            if not _unchanged(cell, had, kept):
                if isinstance(had, _CONTAINERS):
                    _refill(had, kept)
                cell.cell_contents = had


_SKIPPED = ("torch.", "builtins", "typing", "abc")


def _namespace(label: str, owner: Any, live: dict[str, Any]) -> Namespace:
    names = {n: v for n, v in live.items() if not n.startswith("__")}
    small = {n: v for n, v in names.items() if type(v) in _CONTAINERS and len(v) <= MOST_ITEMS}
    return Namespace(label, owner, names, {n: v.copy() for n, v in small.items()})


def _cells(cls: type) -> list[tuple[str, CellType]]:
    functions = [(n, f) for n, f in vars(cls).items() if isinstance(f, FunctionType) and f.__closure__]
    return [
        (f"{name}.{variable}", cell)
        for name, function in functions
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        if variable != "__class__"
    ]


def _content(cell: CellType) -> tuple[Any, Any]:
    try:
        held = cell.cell_contents
    except ValueError:
        return _EMPTY, None
    return held, held.copy() if type(held) in _CONTAINERS and len(held) <= MOST_ITEMS else None


class _Empty:
    """An unset cell."""


_EMPTY = _Empty()


def _unchanged(cell: CellType, had: Any, kept: Any) -> bool:
    try:
        now = cell.cell_contents
    except ValueError:
        return had is _EMPTY
    if now is not had:
        return not (_traced(now) or _plain(now)) or had is _EMPTY
    return kept is None or _same(now, kept)


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
    return isinstance(value, (int, float, str, bool))


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
