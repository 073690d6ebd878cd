"""The code that a model's `forward` reaches by name: functions, classes, and the globals of their modules.

These namespaces are compared before and after a trace, and the functions are searched for the line of a write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch

from torchdraft._source.code.functions import plain_function

MOST_FUNCTIONS = 2048
"""How many functions are followed, since a model may reach several large libraries."""

_NOT_FOLLOWED = frozenset(
    {"torch", "torchdraft", "numpy", "sympy", *sys.builtin_module_names, *sys.stdlib_module_names}
)
"""Packages whose code is no part of a model."""


@dataclass(slots=True)
class ReachableCode:
    """The functions, the classes, and the globals with the name of their module."""

    functions: dict[int, FunctionType] = field(default_factory=dict)
    classes: dict[type, None] = field(default_factory=dict)
    globals: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    _names: frozenset[str] | None = None

    @classmethod
    def of(cls, mod: torch.nn.Module) -> ReachableCode:
        """Follows the classes of `mod` and its submodules, and functions in their attributes."""
        found = cls()
        for module_class in dict.fromkeys(type(m) for m in mod.modules()):
            found._add(module_class)
        for value in (v for m in mod.modules() for v in vars(m).values()):
            for item in value.values() if type(value) is dict else value if type(value) in (list, tuple) else (value,):
                found._add_function(item)
        waiting = list(found.functions.values())
        while waiting and len(found.functions) < MOST_FUNCTIONS:
            before = len(found.functions)
            for value in _named_in(waiting.pop()):
                found._add(value)
            waiting.extend(list(found.functions.values())[before:])
        return found

    def codes(self) -> Iterator[CodeType]:
        """The code of each function."""
        for function in self.functions.values():
            yield function.__code__

    def names(self) -> frozenset[str]:
        """All names that the functions use."""
        if self._names is None:
            self._names = frozenset(name for code in self.codes() for name in _names(code))
        return self._names

    def _add(self, value: Any) -> None:
        if isinstance(value, ModuleType):
            if is_followed(value.__name__):
                self.globals.setdefault(id(vars(value)), (value.__name__, vars(value)))
        elif isinstance(value, type):
            for base in value.__mro__:
                if base not in self.classes and is_followed(base.__module__):
                    self.classes[base] = None
                    for member in vars(base).values():
                        self._add_function(member)
        else:
            self._add_function(value)

    def _add_function(self, value: Any) -> None:
        if isinstance(value, FunctionType) and hasattr(value, "__wrapped__"):
            self._add_plain(value)  # the wrapper that a decorator made runs too
        self._add_plain(plain_function(value))

    def _add_plain(self, function: FunctionType | None) -> None:
        if function is None or id(function) in self.functions or not is_followed(function.__module__):
            return
        self.functions[id(function)] = function
        space = function.__globals__
        self.globals.setdefault(id(space), (str(space.get("__name__", "?")), space))
        for cell in function.__closure__ or ():
            self._add_function(_content(cell))


def is_followed(module: str | None) -> bool:
    """Whether a module of that name can be part of a model."""
    return module is None or module.partition(".")[0] not in _NOT_FOLLOWED


def _named_in(function: FunctionType) -> Iterator[Any]:
    """The values of the globals that a function names, and of the attributes of modules that it names."""
    names = list(_names(function.__code__))
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType) and is_followed(value.__name__):
            yield value
            yield from (vars(value)[n] for n in names if n in vars(value))
        elif value is not None:
            yield value
        elif (module := _imported(function, name)) is not None:
            yield module
            yield from (vars(module)[n] for n in names if n in vars(module))


def _imported(function: FunctionType, name: str) -> ModuleType | None:
    """The module that an `import` of `name` inside the function returns, if it is loaded."""
    if not is_followed(name):
        return None
    package = function.__globals__.get("__package__")
    found = sys.modules.get(name) or sys.modules.get(f"{package}.{name}")
    return found if isinstance(found, ModuleType) and is_followed(found.__name__) else None


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
