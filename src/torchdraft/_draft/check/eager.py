"""Runs the model eagerly, on copies of its parameters and inputs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._torch import pytree
from torchdraft._torch.script_objects import private_objects
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

if TYPE_CHECKING:
    from torchdraft._draft.tracing.request import Request


class ModelRaised(Exception):
    """The model raises `error` on the example inputs, without any tracing."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def has_data(request: Request) -> bool:
    """Whether the model can run: none of its tensors and inputs is fake, or on the meta device."""
    tensors = [*request.mod.parameters(), *request.mod.buffers()]
    tensors += [t for t in pytree.tree_leaves((request.args, dict(request.kwargs))) if isinstance(t, torch.Tensor)]
    return not any(isinstance(t, FakeTensor) or t.device.type == "meta" for t in tensors)


def run_eagerly(mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], snapshot: Snapshot) -> Any:
    """The model's output on copies of the example. Raises `ModelRaised` with the exception that the model raised."""
    handled = sys.exception()
    snapshot.restore_random()
    buffers, parameters = dict(mod.named_buffers(remove_duplicate=False)), mod.named_parameters(remove_duplicate=False)
    copies = copy_preserving_aliasing({**buffers, **dict(parameters)})  # together: they may share storage
    as_parameters: dict[int, torch.nn.Parameter] = {}
    for name in copies.keys() - buffers.keys():
        copied = copies[name]
        copies[name] = as_parameters.setdefault(id(copied), torch.nn.Parameter(copied, copied.requires_grad))
    args, kwargs = copy_preserving_aliasing((args, dict(kwargs)))
    try:
        with private_objects(mod):
            return iterators_materialized(torch.func.functional_call(mod, copies, args, kwargs, tie_weights=False))
    except Exception as error:
        without_context(error, handled)
        raise ModelRaised(error) from None
    finally:
        snapshot.restore()


def without_context(error: BaseException, handled: BaseException | None) -> None:
    """Removes `handled`, which was being handled when the model ran, from the exceptions chained to `error`."""
    inner: BaseException | None = error
    while inner is not None and handled is not None:
        if inner.__context__ is handled:
            inner.__context__ = None
        inner = inner.__context__
