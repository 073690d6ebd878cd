"""What unfinished expressions of the running frames hold: values, iterators, and C functions that call Python code.

A C function that calls Python code several times (`sorted`, `list(map(…))`) keeps what it has found so far where nobody
sees it. While one runs, a state is like no other.
"""

from __future__ import annotations

import builtins
import functools
import types
from collections.abc import Iterator
from typing import Any

from torchdraft._stack.evaluation_stack import Pending, pending

_PASSING_ON = {
    *(bool, int, float, complex, str, repr, abs, round, len, getattr, setattr, hasattr, isinstance, issubclass),
    *(hash, next, iter, print, format, super, id, callable, divmod, pow, range, type, property, vars),
    builtins.__build_class__,
}
"""Builtins that call Python code once, as their last step, or keep nothing of what it does."""

_TORCH = ("torch", "_operator", "operator")


def held_by(frame: types.FrameType) -> Pending | None:
    """What a running frame has on its evaluation stack; None where it cannot be seen, or C code holds more."""
    found = pending(frame)
    if found is None or found.in_c or not _passes_on(found.called):
        return None
    return found


def _passes_on(called: Any) -> bool:
    """Whether a callable keeps nothing that depends on the Python code that it runs."""
    if isinstance(called, (types.FunctionType, str)):
        return True
    if isinstance(called, types.MethodType):
        return _passes_on(called.__func__)
    if isinstance(called, functools.partial):
        return _passes_on(called.func)
    if isinstance(called, type):
        return called in _PASSING_ON or _made_by_python(called)
    if isinstance(called, _BUILTIN):
        return _is_known(called)
    return any(isinstance(vars(base).get("__call__"), types.FunctionType) for base in type(called).__mro__)


_BUILTIN = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


def _is_known(called: Any) -> bool:
    if called in _PASSING_ON:
        return True
    owner = getattr(called, "__objclass__", None) or getattr(called, "__self__", None)
    owner = owner if isinstance(owner, type) else type(owner)
    modules = (getattr(called, "__module__", None), getattr(owner, "__module__", None))
    return any(str(module).partition(".")[0] in _TORCH for module in modules)


def _made_by_python(cls: Any) -> bool:
    """Whether the constructor of a class is Python code alone, or that of `object`."""
    constructor, initializer = cls.__new__, cls.__init__
    plain = isinstance(constructor, types.FunctionType) or constructor is object.__new__
    return plain and (isinstance(initializer, types.FunctionType) or initializer is object.__init__)


def parts_of_iterator(value: Any) -> Any:
    """What an iterator of Python's goes through, and how far it has come; None for other objects.

    Does not advance it.
    """
    if type(value) in _ITERATORS:
        return value.__reduce__()[1:]
    return None


def _iterators() -> Iterator[type]:
    made: list[Any] = [[], (), "", b"", range(0), range(2**70), {}, {}.values(), {}.items(), set()]
    yield from (type(iter(each)) for each in made)
    backwards: list[Any] = [[], {}, range(0), ()]
    yield from (type(reversed(each)) for each in backwards)
    yield from (enumerate, zip, map, filter)
    yield type(iter(int, None))


_ITERATORS = frozenset(_iterators())
