"""`torch.func` transforms inside a trace.

Export traces above functorch. It has nodes for some of functorch's steps and none for the wrapping that `grad` and
`vjp` do, so it takes a wrapped tensor for a constant: plain export of `torch.func.grad(f)(x)` is frozen to the example.
Below functorch nothing is wrapped and every operation of a transform is one of plain tensors. For the time of a
transform the tracer sits there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from torchdraft._torch.dispatch import proxy_mode
from torchdraft._torch.probe import need

from .registry import patched

_TRANSFORMS = (
    "torch._functorch.apis:vmap_impl",
    "torch._functorch.eager_transforms:grad_and_value_impl",
    "torch._functorch.eager_transforms:_vjp_with_argnums",
    "torch._functorch.eager_transforms:_jvp_with_argnums",
)
for _path in _TRANSFORMS:
    need(_path)
_proxy_mode_class: Any = need("torch.fx.experimental.proxy_tensor:ProxyTorchDispatchMode")
_without_function_tracing: Any = need(
    "torch.fx.experimental.proxy_tensor:_temp_remove_pre_dispatch_torch_function_mode"
)


@contextmanager
def transforms_traced_below() -> Iterator[None]:
    """While active, a transform that is traced is traced below functorch."""
    with ExitStack() as stack:
        for path in _TRANSFORMS:
            module, _, name = path.partition(":")
            stack.enter_context(patched(need(module), name, _below(need(path))))
        yield


def _below(transform: Any) -> Any:
    """`transform`, and any function it returns (`vjp` returns its backward), traced below functorch."""

    @functools.wraps(transform)
    def run(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_dynamo_compiling():
            return transform(*args, **kwargs)
        with _tracer_below():
            made = transform(*args, **kwargs)
        if isinstance(made, tuple):
            return tuple(_below(m) if callable(m) and not isinstance(m, torch.Tensor) else m for m in made)
        return made

    return run


@contextmanager
def _tracer_below() -> Iterator[None]:
    mode = proxy_mode()
    if mode is None or not mode.pre_dispatch:
        yield
        return
    below = _proxy_mode_class(
        mode.tracer,
        mode.tracing_mode,
        _allow_fake_constant=mode._allow_fake_constant,
        _error_on_data_dependent_ops=mode._error_on_data_dependent_ops,
    )
    with _without_function_tracing(), below:
        yield


def has_transform_steps(graph: torch.fx.Graph) -> bool:
    """Whether `graph` holds functorch's own steps, as Dynamo leaves them.

    Those of `grad` and `vjp` lose the wrapping when they are traced again, silently. Those of `vmap` leave a level on
    functorch's stack, for the rest of the process, whenever an assertion between them fails.
    """
    return any(getattr(node.target, "__module__", None) == "torch._functorch.predispatch" for node in graph.nodes)
