"""Finds the Python function inside a method, a property, a cache or another wrapper."""

from __future__ import annotations

import functools
from types import FunctionType, MethodType
from typing import Any


def plain_function(value: Any) -> FunctionType | None:
    """The Python function inside a method, a property, a cache or another wrapper, or None."""
    for _ in range(16):  # wrappers can be nested
        if isinstance(value, FunctionType):
            inner = getattr(value, "__wrapped__", None)
            if inner is None:
                return value
            value = inner
        elif isinstance(value, property):
            value = value.fget
        elif isinstance(value, (staticmethod, classmethod, MethodType)):
            value = value.__func__
        elif isinstance(value, (functools.partial, functools.cached_property)):
            value = value.func
        elif isinstance(value, CachedFunction):
            value = value.__wrapped__
        else:
            return None
    return None


CachedFunction: Any = type(functools.lru_cache(lambda: None))
"""The class of functions decorated with `functools.lru_cache`."""
