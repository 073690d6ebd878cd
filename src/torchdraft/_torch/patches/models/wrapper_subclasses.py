"""Patches for wrapper subclasses that are neither inputs nor weights of the model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import TRACE
from torchdraft._torch.probe import need
from torchdraft._torch.pytree import tree_leaves
from torchdraft._torch.tensors.subclasses import inner_tensors, is_wrapper

_has_slot: Any = need("torch.fx.experimental.proxy_tensor:has_proxy_slot")
_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_track: Any = need("torch.fx.experimental.proxy_tensor:track_tensor_tree")
_access_inner: Any = need("torch.export.custom_ops:_access_subclass_inner_tensor") and (
    torch.ops.export.access_subclass_inner_tensor.default
)


@patches(
    "torch.fx.experimental.proxy_tensor:proxy_call",
    scope=TRACE,
    why="The tracer knows the wrappers among the inputs and the weights. It declines operations on others (a plain "
    'attribute, one made in `forward`), and nothing else handles them: "Unable to cast NotImplemented to Tensor".',
)
def untracked_wrappers_unwrapped(original: Any) -> Any:
    """Traces an operation on wrappers that have no node as the operations that their class makes of it."""

    def proxy_call(mode: Any, func: Any, pre_dispatch: bool, args: Any, kwargs: Any) -> Any:
        result = original(mode, func, pre_dispatch, args, kwargs)
        if result is not NotImplemented or not pre_dispatch:
            return result
        wrappers = [leaf for leaf in tree_leaves((args, kwargs)) if is_wrapper(leaf)]
        for wrapper in wrappers:
            _track_inner(wrapper, mode.tracer)
        classes = tuple(dict.fromkeys(type(wrapper) for wrapper in wrappers))
        with mode:
            if func.namespace == "aten" and classes:
                result = func.decompose(*args, **kwargs)
            for cls in classes:
                if result is NotImplemented:
                    result = cls.__torch_dispatch__(func, classes, args, kwargs)
        return result

    return proxy_call


@patches(
    "torch.export._trace:get_proxy_slot",
    scope=TRACE,
    why="While a wrapper is an input or a weight, export gives each read of an inner tensor of its class a node, and "
    "raises for other tensors of the class, which have none to read from.",
)
def untracked_wrappers_without_slot(original: Any) -> Any:
    """Returns a slot without node for a wrapper that has none."""
    return lambda wrapper, tracer: original(wrapper, tracer, _NO_SLOT)


@patches(
    "torch.export._trace:track_tensor_tree",
    scope=TRACE,
    why="See `untracked_wrappers_without_slot`.",
)
def inner_tensors_of_untracked_left(original: Any) -> Any:
    """Leaves the node of an inner tensor as it is where it is read from a wrapper that has no node."""

    def track_tensor_tree(inner: Any, proxy: Any, **options: Any) -> Any:
        if proxy.node.args[:1] == (None,):
            options["tracer"].graph.erase_node(proxy.node)
            return inner
        return original(inner, proxy, **options)

    return track_tensor_tree


_NO_SLOT = SimpleNamespace(proxy=None)


def _track_inner(wrapper: torch.Tensor, tracer: Any) -> None:
    """Gives the inner tensors of a wrapper that has a node their own nodes, as a read of the attribute would."""
    if not is_wrapper(wrapper) or not _has_slot(wrapper, tracer):
        return
    node = _slot(wrapper, tracer).proxy
    for name, inner in inner_tensors(wrapper).items():
        if not _has_slot(inner, tracer):
            made = tracer.create_proxy("call_function", _access_inner, (node, name), {})
            _track(inner, made, constant=None, tracer=tracer)
        _track_inner(inner, tracer)
