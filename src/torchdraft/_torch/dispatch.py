"""Dispatch modes and thread-local state: running real kernels as if nothing were being traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from .dynamo import dynamo_tracer
from .probe import need

_disable_current_modes: Any = need("torch.utils._python_dispatch:_disable_current_modes")
_below_autograd: Any = need("torch._C:_AutoDispatchBelowAutograd")
_no_function_modes: Any = need("torch._C:DisableTorchFunction")
_no_python_dispatcher: Any = need("torch._C:_DisablePythonDispatcher")
_no_transforms: Any = need("torch._C:_DisableFuncTorch")
_mode_stack: Any = need("torch.utils._python_dispatch:_get_current_dispatch_mode_stack")
_function_mode_stack: Any = need("torch.overrides:_get_current_function_mode_stack")
proxy_mode: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_mode")


def current_tracer() -> Any:
    """The tracer of the graph that operations go to now, an operator's branch having its own; None where none goes.

    Not asked of the proxy mode: that is off while an operation it has written down runs.
    """
    return _proxy_tensor._CURRENT_MAKE_FX_TRACER or dynamo_tracer()


def current_module() -> str:
    """The dotted name of the submodule whose forward is being traced; "" for the model, and where nobody knows."""
    tracer = getattr(_proxy_tensor._CURRENT_MAKE_FX_TRACER, "fx_tracer", None)
    stack = getattr(tracer, "module_stack", None)
    if not stack:
        return ""
    name = next(reversed(stack.values()))[0]
    return str(name).removeprefix(_ROOT).removeprefix(".")


_ROOT = "_export_root"
"""Export's name for the model inside the wrapper that it traces."""
_proxy_tensor: Any = need("torch.fx.experimental.proxy_tensor")
need("torch.fx.experimental.proxy_tensor:_CURRENT_MAKE_FX_TRACER")


without_function_modes: Any = _no_function_modes
"""A context in which reading a tensor's dtype or shape is no call that a function mode sees."""


@contextmanager
def outside_modes() -> Iterator[None]:
    """No dispatch mode, no function mode, no Python dispatcher, no transform: what eager code sees."""
    with ExitStack() as stack:
        stack.enter_context(_disable_current_modes())
        stack.enter_context(_no_function_modes())
        stack.enter_context(_no_python_dispatcher())
        stack.enter_context(_no_transforms())
        stack.enter_context(_cpu_is_cpu())
        yield


@contextmanager
def _cpu_is_cpu() -> Iterator[None]:
    """A fake tensor's kernel runs with every tensor taken for a meta tensor (`in_kernel_invocation_manager`).

    A guard may be met in there. Real kernels called then would do nothing and return memory as they found it.
    """
    if not _meta_for_all():
        yield
        return
    with _preserved_keys():
        _set_meta_for_all(False)
        yield


_meta_for_all: Any = need("torch._C:_meta_in_tls_dispatch_include")
_set_meta_for_all: Any = need("torch._C:_set_meta_in_tls_dispatch_include")
_preserved_keys: Any = need("torch._C:_PreserveDispatchKeyGuard")


@contextmanager
def real_compute() -> Iterator[None]:
    """Like `outside_modes`, below autograd as well: the place where a recorded op is computed."""
    with outside_modes(), _below_autograd():
        yield


def active_modes() -> tuple[int, int]:
    """How many dispatch and function modes are active; to see that a trace left none behind."""
    return len(_mode_stack()), len(_function_mode_stack())


@contextmanager
def outside_tracing() -> Iterator[None]:
    """Like `outside_modes`, but function modes entered inside still work: the place where an island is recorded."""
    popped = [_pop_function_mode() for _ in range(_function_modes_active())]
    try:
        with _disable_current_modes(), _no_python_dispatcher(), _cpu_is_cpu():
            yield
    finally:
        for mode in reversed(popped):
            _push_function_mode(mode)


@contextmanager
def as_if_untraced() -> Iterator[None]:
    """Like `outside_modes`, and nobody finds the fake mode of the trace: `torch.load` gives empty tensors under one."""
    with _tracing(None), outside_modes():
        yield


_tracing: Any = need("torch._guards:tracing")
_pop_function_mode: Any = need("torch.overrides:_pop_torch_function_stack")
_push_function_mode: Any = need("torch.overrides:_push_on_torch_function_stack")
_function_modes_active: Any = need("torch.overrides:_len_torch_function_stack")


@contextmanager
def modes_put_back() -> Iterator[None]:
    """Takes off whatever modes and transforms a failed trace left active (upstream forgets some)."""
    dispatch, function = active_modes()
    pre_dispatch, transforms = _pre_dispatch_modes(), _transforms()
    keys = _ForceKeys(_included_keys(), _excluded_keys())  # on leaving, the keys of now are in force again
    try:
        with keys:
            yield
    finally:
        _undo_transforms(transforms)
        while _pre_dispatch_modes() > pre_dispatch:
            _pop_pre_dispatch()
        while active_modes()[0] > dispatch:
            _pop_dispatch_mode()
        while active_modes()[1] > function:
            _pop_function_mode()


_transforms: Any = need("torch._C._functorch:get_dynamic_layer_stack_depth")
_undo_transforms: Any = need("torch._C._functorch:pop_dynamic_layer_stack_and_undo_to_depth")
_ForceKeys: Any = need("torch._C:_ForceDispatchKeyGuard")
_included_keys: Any = need("torch._C:_dispatch_tls_local_include_set")
_excluded_keys: Any = need("torch._C:_dispatch_tls_local_exclude_set")
_pre_dispatch_modes: Any = need("torch._ops:_len_torch_dispatch_stack_pre_dispatch")
_pop_pre_dispatch: Any = need("torch._ops:_pop_mode_from_pre_dispatch")
_pop_dispatch_mode: Any = need("torch.utils._python_dispatch:_pop_mode")


def forget_failed_nodes() -> list[str]:
    """Removes nodes of ops that raised from the graph being traced; returns what they called.

    The tracer writes a node before it runs the op, so a failing op leaves one without a value.
    """
    mode = proxy_mode()
    if mode is None:
        return []
    erased = []
    for node in reversed(list(mode.tracer.graph.nodes)[-8:]):
        if node.users or (node.op == "call_function" and "val" in node.meta):
            break
        if node.op == "call_function":
            erased.append(str(node.target))
        elif node.op != "get_attr" or not erased:  # a control flow operator leaves its branches' graphs as well
            break
        mode.tracer.graph.erase_node(node)
    return erased


def is_being_written(func: Any) -> bool:
    """Whether `func` is an op of the graph being traced, and not one that a kernel calls."""
    tracer = current_tracer()
    if tracer is None:
        return False
    last = getattr(tracer, "fx_tracer", tracer).graph._root.prev
    return last.target is func and "val" not in last.meta


def retarget(target: torch.Tensor, source: torch.Tensor) -> None:
    """Makes the fake tensor `target` what `source` is: its sizes and storage, and its node in the graph traced."""
    mode = proxy_mode()
    with _no_function_modes(), _disable_current_modes():
        torch.Tensor.data.__set__(target, source)
    if mode is not None and _has_proxy_slot(source, mode.tracer):
        _set_proxy_slot(target, mode.tracer, _get_proxy_slot(source, mode.tracer))


def seen_by_tracer(tensor: torch.Tensor) -> bool:
    """Whether the graph being traced knows where `tensor` came from; otherwise it would keep it as a constant."""
    mode = proxy_mode()
    return mode is None or bool(_functorch_wrapped(tensor)) or bool(_has_proxy_slot(tensor, mode.tracer))


_functorch_wrapped: Any = need("torch._C._functorch:is_functorch_wrapped_tensor")
_has_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:has_proxy_slot")
_get_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")


def in_transform() -> bool:
    """Whether code runs inside `torch.vmap`, `torch.func.grad` and their like."""
    return bool(_transforms())
