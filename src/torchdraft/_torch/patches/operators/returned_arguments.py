"""Patches for operators that return their argument itself or a copy of it."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.dispatch import is_tracked
from torchdraft._torch.graph.returned_arguments import may_copy
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import STRICT, TRACE
from torchdraft._torch.probe import need
from torchdraft._torch.symbolic.fake import FakeTensor

_get_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")


@patches(
    "torch.fx.experimental.proxy_tensor:ProxyTorchDispatchMode.__torch_dispatch__",
    scope=(TRACE, STRICT),
    why="The tracer identifies tensors by their Python object. Where an operator returns its argument itself, upstream "
    "takes its node for the argument from then on, and the program uses the result in the place of the argument. For "
    "an input of another layout the two are different tensors, and what is written to one must not change the other.",
)
def returned_arguments_kept_apart(original: Any) -> Any:
    """Makes the result an alias with a node of its own, where an operator returned its argument and would copy other
    inputs.
    """

    def torch_dispatch(self: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not may_copy(func, (*args, *(kwargs or {}).values())):
            return original(self, func, types, args, kwargs)
        before = _get_slot(args[0], self.tracer, None)
        out = original(self, func, types, args, kwargs)
        if out is not args[0] or before is None:
            return out
        made = torch.ops.aten.alias.default(out)
        _set_slot(made, self.tracer, _get_slot(out, self.tracer))
        _set_slot(out, self.tracer, before)
        return made

    return torch_dispatch


@patches(
    "torch:Tensor.contiguous",
    scope=STRICT,
    why="The Python binding returns a contiguous tensor itself before anything is dispatched, and the node that Dynamo "
    "wrote is lost when export traces Dynamo's graph. Without Dynamo, a polyfill does this.",
)
def contiguous_dispatched(original: Any) -> Any:
    """Calls the operator where export traces the tensor."""

    def contiguous(self: torch.Tensor, **options: Any) -> torch.Tensor:
        traced = type(self) is FakeTensor and is_tracked(self)
        made: torch.Tensor = (torch.ops.aten.contiguous.default if traced else original)(self, **options)
        return made

    return contiguous
