"""Lazy modules (`nn.LazyLinear`): their parameters are created in the first call, with sizes taken from the inputs."""

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
    """`mod`, or a copy of it that ran once if it has uninitialized parameters, and an event for each of those.

    A model with uninitialized parameters cannot be traced; the caller's model must stay as it is.
    """
    lazy = list(_uninitialized_names(mod))
    if not lazy:
        return mod, []
    buffers = {id(buffer): _uninitialized_like(buffer) for buffer in mod.buffers() if is_lazy(buffer)}
    copied = copy.deepcopy(mod, buffers)
    copied_args, copied_kwargs = copy_preserving_aliasing((args, dict(kwargs)))
    with torch.random.fork_rng(), torch.no_grad():
        try:
            copied(*copied_args, **copied_kwargs)
        except Exception as error:
            raise error.with_traceback(from_user(error.__traceback__)) from None
    initialized = dict(_tensors(copied))
    return copied, [_initialized(name, initialized.get(name)) for name in lazy]


def _uninitialized_like(buffer: Any) -> Any:
    """A new uninitialized buffer: `copy.deepcopy` fails on them, and not on uninitialized parameters."""
    make: Any = UninitializedBuffer  # its annotations lack the arguments
    return make(buffer.requires_grad, device=buffer.device, dtype=buffer.dtype)


def _tensors(mod: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from mod.named_parameters()
    yield from mod.named_buffers()


def _uninitialized_names(mod: torch.nn.Module) -> Iterator[str]:
    return (name for name, tensor in _tensors(mod) if is_lazy(tensor))


def _initialized(name: str, tensor: torch.Tensor | None) -> AttributeWritten:
    module = name.rpartition(".")[0]
    return AttributeWritten(
        module=module, stack=(), name=name, before="uninitialized", after=describe_value(tensor), kept=True
    )
