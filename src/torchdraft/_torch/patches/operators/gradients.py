"""Patches for models that compute gradients in `forward`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.graph.saved_tensors import SavedTensors, saves_inner_results
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import GRADIENTS, TRACE
from torchdraft._torch.pytree import tree_leaves


@patches(
    "torch.autograd:_engine_run_backward",
    scope=TRACE,
    why="The tracer does not know every tensor that autograd saved for the backward pass; a trace in which `forward` "
    "runs one may have to be made again with GRADIENTS applied.",
)
def backward_reported(original: Any, on_backward: Callable[[], None]) -> Any:
    """Calls `on_backward` before the backward pass of `torch.autograd.grad`, `Tensor.backward` and the like."""

    def run_backward(*args: Any, **kwargs: Any) -> Any:
        on_backward()
        return original(*args, **kwargs)

    return run_backward


@patches(
    "torch.fx.experimental.proxy_tensor:proxy_call",
    scope=GRADIENTS,
    why="The tracer runs above autograd, and treats what autograd saved below it as constants.",
)
def saved_tensors_tracked(original: Any, saved: SavedTensors) -> Any:
    """Traces what autograd records: aliases get the nodes of their sources, composed operators their parts."""

    def proxy_call(mode: Any, func: Any, pre_dispatch: bool, args: Any, kwargs: Any) -> Any:
        leaves = tree_leaves((args, kwargs))
        for leaf in leaves:
            if isinstance(leaf, torch.Tensor):
                saved.track(leaf, mode)
        if pre_dispatch and saves_inner_results(func, leaves):
            with mode:
                made = func.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
        return original(mode, func, pre_dispatch, args, kwargs)

    return proxy_call
