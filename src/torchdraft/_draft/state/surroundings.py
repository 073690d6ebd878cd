"""The state around a model: globals, classes, objects, closures, argument defaults and external tensors.

A trace may leave something there, mostly a tensor of the trace in a cache. That is found, reported and undone. Other
code of the process may write there too, so only changes count that a trace can have made: to tensors, to numbers and
texts, and to containers of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import CellType
from typing import Any

import torch

from torchdraft._source.code.functions import plain_function
from torchdraft._source.definitions import mentioning, writes_to, writing
from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft.model.events import Frame

from .containers import CONTAINERS, content_of, is_container, parts_of, restore_content, same_content
from .external_tensors import external_tensors, hidden_modules
from .namespaces import WRAPPERS, Namespace, namespaces_of
from .reachable_code import ReachableCode
from .residual import ChangedName, changed_name, with_residual


class _Empty:
    """The value of a closure's variable that is not set."""


_EMPTY = _Empty()


@dataclass(frozen=True, slots=True)
class CellState:
    """A variable of a closure, as it was."""

    name: str
    cell: CellType
    value: Any
    content: Any
    """A copy, if the value is a container."""

    @classmethod
    def of(cls, name: str, cell: CellType) -> CellState:
        """The present state."""
        value = _value(cell)
        return cls(name, cell, value, content_of(value) if is_container(value) else None)

    def unchanged(self) -> bool:
        """Whether the value is the same, as far as a trace can have changed it."""
        now = _value(self.cell)
        if now is not self.value:
            return not (_has_tensors(now) or _is_plain(now))
        return self.content is None or same_content(now, self.content)

    def change(self) -> ChangedName:
        """The difference between then and now."""
        now = _value(self.cell)
        before = self.content if now is self.value else None if self.value is _EMPTY else self.value
        return changed_name(self.name, before, now)

    def restore(self) -> None:
        """Puts the value back."""
        if self.unchanged():
            return
        if self.content is not None:
            restore_content(self.value, self.content)
        if self.value is _EMPTY:
            del self.cell.cell_contents
        else:
            self.cell.cell_contents = self.value


def _value(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _EMPTY


class Surroundings:
    """What is around a model, as it was."""

    def __init__(self, mod: torch.nn.Module) -> None:
        self.reachable = ReachableCode.of(mod)
        self.namespaces = namespaces_of(mod, self.reachable)
        self.cells = [CellState.of(name, cell) for name, cell in self._cells()]
        self.defaults = [(name, container, content_of(container)) for name, container in self._defaults()]
        named = list(self._named())
        self.tensors = external_tensors(mod, named)
        self.hidden = hidden_modules(mod, named)

    def _named(self) -> Iterator[tuple[str, Any]]:
        """The values around the model under names that its code uses."""
        for space in self.namespaces:
            for name, value in space.names.items():
                if not space.is_module or name in self.reachable.names():
                    yield f"{space.label}.{name}", value
        yield from ((cell.name, cell.value) for cell in self.cells)

    def _cells(self) -> Iterator[tuple[str, CellType]]:
        for function in self.reachable.functions.values():
            for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                if variable != "__class__":
                    yield f"{function.__qualname__}.{variable}", cell

    def _defaults(self) -> Iterator[tuple[str, Any]]:
        """Containers that are the defaults of arguments: `def forward(self, x, cache=[])`."""
        for function in self.reachable.functions.values():
            code, values = function.__code__, function.__defaults__ or ()
            names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
            for name, value in (*zip(names, values, strict=True), *(function.__kwdefaults__ or {}).items()):
                if is_container(value):
                    yield f"{function.__qualname__}.{name}", value

    def changed(self) -> Iterator[ChangedName]:
        """The names that hold something else now."""
        for space in self.namespaces:
            yield from self._changed_in(space)
        yield from (cell.change() for cell in self.cells if not cell.unchanged())
        for name, container, content in self.defaults:
            if not same_content(container, content):
                yield changed_name(name, content, container)

    def _changed_in(self, space: Namespace) -> Iterator[ChangedName]:
        for name, value in space.live.items():
            if name not in space.names:
                if not name.startswith("__") and _has_tensors(value):
                    yield changed_name(f"{space.label}.{name}", None, value, space.of)
            elif _is_replaced(value, space.names[name]):
                yield with_residual(space, name, space.names[name], value)
            elif self._has_other_content(space, name):
                yield with_residual(space, name, space.containers[name], value)

    def _has_other_content(self, space: Namespace, name: str) -> bool:
        """Whether a container holds other things. Numbers in a global that the model's code does not name don't count:
        they may be a kernel's count of its calls, and the program calls the kernel too.
        """
        content = space.containers.get(name)
        if content is None or same_content(space.live.get(name), content):
            return False
        named = not space.is_module or name in self.reachable.names()
        return named or _has_tensors(space.live[name]) or _has_tensors(content)

    def where_written(self, changed: ChangedName) -> tuple[Frame, ...]:
        """The line that writes to a name, or at least mentions it. For the attribute of an object, which is mostly
        written as `self.name`, the code of its class comes first.
        """
        path, _, leaf = changed.name.rpartition(".")
        if changed.owner in WRAPPERS:  # the code writes to the object, which writes to its `data`
            leaf = path.rpartition(".")[2]
        functions = map(plain_function, vars(changed.owner).values()) if changed.owner is not None else ()
        codes = [*(f.__code__ for f in functions if f is not None), *self.reachable.codes()]
        codes = [c for c in codes if leaf in (*c.co_names, *c.co_freevars, *c.co_varnames)]
        codes.sort(key=lambda c: c.co_name == "__init__")  # constructors ran before the trace
        return writing(codes, writes_to(leaf)) or writing(codes, mentioning(leaf))

    def restore(self) -> None:
        """Puts back what changed."""
        for external in self.tensors:
            external.restore()
        for _, container, content in self.defaults:
            restore_content(container, content)
        for space in self.namespaces:
            self._restore_in(space)
        for cell in self.cells:
            cell.restore()

    def _restore_in(self, space: Namespace) -> None:
        new = space.live.keys() - space.names.keys()
        for name in [n for n in new if not n.startswith("__") and _has_tensors(space.live[n])]:
            space.drop(name)
        for name, value in space.names.items():
            if _is_replaced(space.live.get(name), value):
                space.put(name, value)
            if self._has_other_content(space, name):
                restore_content(value, space.containers[name])


def _is_replaced(now: Any, before: Any) -> bool:
    return now is not before and (_has_tensors(now) or _is_plain(now))


def _has_tensors(value: Any) -> bool:
    """Whether a value is a tensor, or a container of tensors."""
    if type(value) not in CONTAINERS and type(value) is not tuple:
        return isinstance(value, torch.Tensor)
    return any(isinstance(part, torch.Tensor) for part in parts_of(value)[:16])


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, bool, *SYMBOLIC))
