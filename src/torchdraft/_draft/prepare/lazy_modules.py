"""Lazy modules: parameters that the model makes in its first call, of sizes that it learns from the inputs."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.nn.parameter import UninitializedBuffer, is_lazy

from torchdraft._draft.state.describe import describe_value
from torchdraft._stack.user_stack import from_user
from torchdraft._torch.tensors.copies import copy_preserving_aliasing
from torchdraft.model.events import AttributeWritten


def lazy_modules_materialized(
    mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[torch.nn.Module, list[AttributeWritten]]:
    """`mod`, or where parameters of it are not made yet a copy that ran once, and what that run made. Nothing can be
    traced before, and the model itself is left as it was.
    """
    lazy = list(_uninitialized(mod))
    if not lazy:
        return mod, []
    copied = copy.deepcopy(mod, {id(buffer): _like(buffer) for buffer in mod.buffers() if is_lazy(buffer)})
    given, named = copy_preserving_aliasing((args, dict(kwargs)))
    with torch.random.fork_rng(), torch.no_grad():
        try:
            copied(*given, **named)
        except Exception as error:
            raise error.with_traceback(from_user(error.__traceback__)) from None
    made = dict(_tensors(copied))
    return copied, [_written(name, made.get(name)) for name in lazy]


def _like(buffer: Any) -> Any:
    """Another one; torch copies such parameters and no such buffers."""
    make: Any = UninitializedBuffer  # it takes what it does not say it takes
    return make(buffer.requires_grad, device=buffer.device, dtype=buffer.dtype)


def _tensors(mod: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from mod.named_parameters()
    yield from mod.named_buffers()


def _uninitialized(mod: torch.nn.Module) -> Iterator[str]:
    return (name for name, tensor in _tensors(mod) if is_lazy(tensor))


def _written(name: str, made: torch.Tensor | None) -> AttributeWritten:
    module = name.rpartition(".")[0]
    return AttributeWritten(
        module=module, stack=(), name=name, before="uninitialized", after=describe_value(made), kept=True
    )
