"""Finds out whether the order of keys matters to a model: of its `**kwargs`, and of dicts among its inputs.

A program takes keyword arguments and dicts by key, in whatever order, and computes what the example's order led to.
Nothing in a graph can see the order, so the model is run once more with the keys in reverse.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.request import Request
from torchdraft._source.definitions import parameter
from torchdraft.model.events import MetadataRead

from .eager import ModelRaised, run_eagerly
from .outputs import mismatch


def key_order_read(request: Request, snapshot: Snapshot, run_model: Callable[[], Any]) -> list[MetadataRead]:
    """An event if the model's result on the example depends on the order of keys."""
    mod, args, kwargs = request.mod, request.args, dict(request.kwargs)
    name, keys = next(_ordered(mod, args, kwargs), ("", ()))
    if not keys:
        return []
    if not _differs(mod, _reversed(args), _reversed(kwargs), snapshot, run_model()):
        return []
    if _differs(mod, args, kwargs, snapshot, run_model()):  # the model returns something else in each call
        return []
    stack = parameter(type(mod).forward, name)
    return [MetadataRead(stack=stack, read="order of keys", value=", ".join(keys), asserted="no")]


def _differs(
    mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], snapshot: Snapshot, want: Any
) -> bool:
    try:
        return bool(mismatch(_sorted(run_eagerly(mod, args, kwargs, snapshot)), _sorted(want)))
    except ModelRaised:
        return True


def _ordered(
    mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parameters of `forward` that several keys in some order were given to, with the keys."""
    try:
        signature = inspect.signature(mod.forward)
        given = signature.bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return
    for name, value in given.items():
        variadic = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        parts = [value] if variadic else list(_dicts(value))
        yield from ((name, tuple(map(str, part))) for part in parts if len(part) > 1)


def _dicts(value: Any) -> Iterator[dict[Any, Any]]:
    if type(value) is dict:
        yield value
    if type(value) in (dict, list, tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _dicts(part)


def _reversed(value: Any) -> Any:
    if type(value) is dict:
        return {key: _reversed(value[key]) for key in reversed(value)}
    return type(value)(map(_reversed, value)) if type(value) in (list, tuple) else value


def _sorted(value: Any) -> Any:
    """Outputs with the keys of dicts in one order: dicts are equal in any."""
    if type(value) is dict:
        return {key: _sorted(value[key]) for key in sorted(value, key=repr)}
    return type(value)(map(_sorted, value)) if type(value) in (list, tuple) else value
