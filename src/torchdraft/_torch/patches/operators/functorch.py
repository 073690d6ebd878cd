"""Patches of `torch.func` transforms inside a trace.

Export traces above functorch. It has nodes for some of functorch's steps and none for the wrapping that `grad` and
`vjp` do, so it treats a wrapped tensor as a constant: plain export of `torch.func.grad(f)(x)` returns the example's
gradient for every input. Below functorch nothing is wrapped and each operation of a transform is one on plain tensors.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._torch.dispatch import proxy_mode
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import TRACE
from torchdraft._torch.probe import need

_ProxyMode: Any = need("torch.fx.experimental.proxy_tensor:ProxyTorchDispatchMode")
_without_function_tracing: Any = need(
    "torch.fx.experimental.proxy_tensor:_temp_remove_pre_dispatch_torch_function_mode"
)


@patches(
    "torch._functorch.apis:vmap_impl",
    "torch._functorch.eager_transforms:grad_and_value_impl",
    "torch._functorch.eager_transforms:_vjp_with_argnums",
    "torch._functorch.eager_transforms:_jvp_with_argnums",
    scope=TRACE,
    why="Export treats the wrapped tensors of `grad` and `vjp` as constants, which freezes the result to the example.",
)
def transforms_traced_below(original: Any) -> Any:
    """Traces a transform, and any function that it returns (`vjp` returns its backward), below functorch."""

    @functools.wraps(original)
    def run(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_dynamo_compiling():
            return original(*args, **kwargs)
        with _tracer_below():
            made = original(*args, **kwargs)
        if isinstance(made, tuple):
            return tuple(
                transforms_traced_below(m) if callable(m) and not isinstance(m, torch.Tensor) else m for m in made
            )
        return made

    return run


@contextmanager
def _tracer_below() -> Iterator[None]:
    """Moves the tracer below functorch: a dispatch mode is called after functorch has unwrapped its tensors."""
    mode = proxy_mode()
    if mode is None or not mode.pre_dispatch:
        yield
        return
    below = _ProxyMode(
        mode.tracer,
        mode.tracing_mode,
        _allow_fake_constant=mode._allow_fake_constant,
        _error_on_data_dependent_ops=mode._error_on_data_dependent_ops,
    )
    with _without_function_tracing(), below:
        yield
