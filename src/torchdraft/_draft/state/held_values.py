"""Tensors that a model holds in any way: in attributes, containers, objects, bound methods, closures and partials."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import torch

from .attributes import MODULE_TABLES, slots_of
from .namespaces import WRAPPERS
from .reachable_code import is_followed

MOST_VALUES = 1 << 20
"""How many values are visited."""

_LEAVES = frozenset(
    {type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size, type, CodeType}
)
_HOLDERS = (SimpleNamespace, *WRAPPERS)


def held_tensors(mod: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Each tensor that `mod` reaches beside its parameters and buffers, once, with its dotted name.

    Globals of the model's code are no part of it (`surroundings.py`), nor are the attributes of classes.
    """
    own = {id(module) for module in mod.modules()}
    met = own | {id(tensor) for tensor in (*mod.parameters(), *mod.buffers())}
    waiting = deque((name, module) for name, module in mod.named_modules())
    room = MOST_VALUES
    while waiting and room:
        owner, holder = waiting.popleft()
        for name, value in _inside(owner, holder, with_tables=id(holder) not in own):
            room -= 1
            if type(value) in _LEAVES or id(value) in met:
                continue
            met.add(id(value))
            if isinstance(value, torch.Tensor):
                yield name, value
            else:
                waiting.append((name, value))


def _inside(name: str, holder: Any, with_tables: bool) -> Iterable[tuple[str, Any]]:
    """What one value holds, with names."""
    if isinstance(holder, dict):
        yield from ((f"{name}[{key!r}]" if type(key) in _LEAVES else name, v) for key, v in dict.items(holder))
        yield from ((name, key) for key in dict.keys(holder) if type(key) not in _LEAVES)
    elif isinstance(holder, (list, tuple, deque)):
        yield from ((f"{name}[{index}]", value) for index, value in enumerate([*holder]))
    elif isinstance(holder, (set, frozenset)):
        yield from ((name, value) for value in [*holder])
    elif isinstance(holder, FunctionType):
        yield from _inside_function(name, holder)
    elif isinstance(holder, MethodType):
        yield from ((name, value) for value in (holder.__self__, holder.__func__))
    elif isinstance(holder, functools.partial):
        yield from ((name, value) for value in (holder.func, *holder.args, *holder.keywords.values()))
    if _has_followed_attributes(holder):
        yield from _attributes(name, holder, with_tables)


def _inside_function(name: str, function: FunctionType) -> Iterator[tuple[str, Any]]:
    if not is_followed(function.__module__):
        return
    for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f"{name}.{variable}", cell.cell_contents
        except ValueError:  # not set yet
            continue
    yield from ((name, value) for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()))
    yield from ((f"{name}.{key}", value) for key, value in vars(function).items())


def _has_followed_attributes(holder: Any) -> bool:
    if isinstance(holder, torch.nn.Module):
        return not isinstance(holder, torch.jit.ScriptModule)
    if isinstance(holder, (type, ModuleType, FunctionType)):
        return False
    return isinstance(holder, _HOLDERS) or is_followed(type(holder).__module__)


def _attributes(name: str, holder: Any, with_tables: bool) -> Iterator[tuple[str, Any]]:
    attributes = getattr(holder, "__dict__", None)
    if type(attributes) is dict:
        is_module = isinstance(holder, torch.nn.Module)
        for key, value in [*attributes.items()]:
            if is_module and key in MODULE_TABLES:
                if with_tables:
                    yield from ((f"{name}.{n}".lstrip("."), v) for n, v in value.items())
            else:
                yield f"{name}.{key}".lstrip("."), value
    for slot, member in slots_of(type(holder)).items():
        try:
            yield f"{name}.{slot}".lstrip("."), member.__get__(holder)
        except AttributeError:  # not set
            continue
