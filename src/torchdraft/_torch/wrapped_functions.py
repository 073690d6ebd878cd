"""Functions that torch.fx has replaced by wrappers of its own while it traces (`torch.fx.wrap`, `math.sqrt`).

Its patcher takes a patch off its list and then undoes it. A KeyboardInterrupt between the two leaves the wrapper in the
module for the rest of the process.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import torch

from .probe import need

_fx: Any = need("torch.fx._symbolic_trace")
_make_wrapper: Any = need("torch.fx._symbolic_trace:_create_wrapped_func")
_namespaces: Any = need("torch.fx._symbolic_trace:_wrapped_fns_to_patch")
_methods: Any = need("torch.fx._symbolic_trace:_wrapped_methods_to_patch")
_WRAPPER: CodeType = next(part for part in _make_wrapper.__code__.co_consts if isinstance(part, CodeType))


class WrappedFunctions:
    """What torch.fx wraps, at the time of construction."""

    def __init__(self) -> None:
        module = torch.nn.Module
        self._methods = [(owner, name, getattr(owner, name)) for owner, name in _methods]
        self._methods += [(module, name, getattr(module, name)) for name in ("__call__", "__getattr__")]
        self._in_trace = _fx.CURRENT_PATCHER is not None

    def restore(self, *, everywhere: bool) -> None:
        """Removes the wrappers, `everywhere` also from modules that torch.fx only finds as it traces them."""
        if self._in_trace:  # they belong to a trace that goes on
            return
        _fx.CURRENT_PATCHER = None
        for owner, name, method in self._methods:
            if getattr(owner, name) is not method:
                setattr(owner, name, method)
        for namespace, name in [*_names_to_wrap(), *(_names_wrapped() if everywhere else ())]:
            _unwrap(namespace, name)


def _names_to_wrap() -> Iterator[tuple[dict[str, Any], str]]:
    return ((namespace, name) for (_, name), namespace in list(_namespaces.items()))


def _names_wrapped() -> Iterator[tuple[dict[str, Any], str]]:
    for module in list(sys.modules.values()):
        namespace = getattr(module, "__dict__", {})
        for name, value in list(namespace.items()):
            if _is_wrapper(value):
                yield namespace, name


def _unwrap(namespace: dict[str, Any], name: str) -> None:
    while _is_wrapper(namespace.get(name)):
        original = namespace[name].__wrapped__
        if original is getattr(builtins, name, None):
            del namespace[name]
        else:
            namespace[name] = original


def _is_wrapper(value: Any) -> bool:
    return type(value) is FunctionType and value.__code__ is _WRAPPER
