"""Tensors that autograd saves for the backward pass, as nodes of the graph being traced.

Export traces above autograd. An operator that saves its result (`tanh`) saves an alias that autograd makes below the
tracer, and passes the alias to the backward operator. An operator that is composed of others (`layer_norm`), or that
autocast surrounds with casts, saves results of these. The tracer knows none of these tensors, and would make each a
constant of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from ..probe import need
from ..pytree import tree_leaves
from .returned_arguments import may_copy

_autograd_decomposes: Any = need("torch.fx.experimental.proxy_tensor:autograd_would_have_decomposed")
_get_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")
_has_slot: Any = need("torch.fx.experimental.proxy_tensor:has_proxy_slot")
_DETACH = torch.ops.aten.detach.default
_NOT_REPEATABLE = {torch.Tag.nondeterministic_seeded, torch.Tag.dynamic_output_shape, torch.Tag.data_dependent_output}


@dataclass(frozen=True, slots=True)
class Origin:
    """The operation below the tracer that made a tensor."""

    func: Any
    args: Any
    kwargs: Any
    place: int
    """The position of the tensor among the flat outputs."""
    read: tuple[tuple[torch.Tensor, int], ...]
    """The tensors that the operation read, each with its version."""


class SavedTensors:
    """The operations below the tracer, from which a saved tensor gets a node when the backward pass uses it."""

    def __init__(self) -> None:
        self._origins: WeakTensorKeyDictionary = WeakTensorKeyDictionary()

    def note(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        """Keeps what an operation read as long as its results live."""
        if not torch.is_grad_enabled() and func is not _DETACH:
            return
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if not isinstance(func, torch._ops.OpOverload) or func._schema.is_mutable:
            for tensor in tensors:
                self._origins.pop(tensor, None)
            return
        if _NOT_REPEATABLE.intersection(func.tags):
            return
        read = tuple((tensor, tensor._version) for tensor in tensors)
        for place, result in enumerate(tree_leaves(out)):
            if isinstance(result, torch.Tensor) and not any(result is tensor for tensor in tensors):
                self._origins[result] = Origin(func, args, kwargs, place, read)

    def track(self, tensor: torch.Tensor, mode: Any) -> None:
        """Gives a tensor that the tracer does not know a node: that of its source to an alias, and a new one, for the
        operation that made it, to another tensor. A tensor stays unknown if its origin is, or was written to since.
        """
        tracer = mode.tracer
        origin = None if _has_slot(tensor, tracer) else self._origins.get(tensor)
        if origin is None or any(source._version != version for source, version in origin.read):
            return
        for source, _ in origin.read:
            self.track(source, mode)
        if origin.func is _DETACH:
            made = origin.args[0]
        elif any(source in self._origins and not _has_slot(source, tracer) for source, _ in origin.read):
            return
        else:
            with mode:
                made = tree_leaves(origin.func(*origin.args, **origin.kwargs))[origin.place]
        if _has_slot(made, tracer):
            _set_slot(tensor, tracer, _get_slot(made, tracer))


def saves_inner_results(func: Any, flat_args: list[Any]) -> bool:
    """Whether autograd records the operators that `func` is composed of, in the place of `func`.

    Autocast chooses the dtype by the outer operator, which therefore stays whole under autocast. So does an operator
    that has no parts where it returns its argument itself.
    """
    if not torch.is_grad_enabled() or func.namespace != "aten" or func in _KEPT_WHOLE or may_copy(func, flat_args):
        return False
    tensors = [arg for arg in flat_args if isinstance(arg, torch.Tensor)]
    if not any(tensor.requires_grad for tensor in tensors):
        return False
    if not any("Tensor" in str(result.type) for result in func._schema.returns):
        return False
    if any(torch.is_autocast_enabled(tensor.device.type) for tensor in tensors):
        return False
    return bool(_autograd_decomposes(func, flat_args))


_KEPT_WHOLE = (torch.ops.aten.is_nonzero.default, torch.ops.aten.requires_grad_.default)


class OperationsNoted(TorchDispatchMode):
    """Notes the operations below the tracer during a real run."""

    supports_higher_order_operators = True

    def __init__(self, saved: SavedTensors) -> None:
        super().__init__()
        self.saved = saved

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **kwargs or {})
        self.saved.note(func, args, kwargs or {}, out)
        return out
