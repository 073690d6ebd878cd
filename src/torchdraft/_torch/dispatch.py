"""Dispatch modes, function modes and thread-local state: real kernels inside a trace, and the trace's tracer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
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
    """The tracer of the graph that operations are added to now; None outside of a trace.

    A branch of a control flow operator has its own tracer. The proxy mode cannot tell: it is disabled while an
    operation that it has traced runs.
    """
    return _proxy_tensor._CURRENT_MAKE_FX_TRACER or dynamo_tracer()


def current_module() -> str:
    """The dotted name of the submodule whose forward is being traced; "" for the model, and where it is unknown."""
    tracer = getattr(_proxy_tensor._CURRENT_MAKE_FX_TRACER, "fx_tracer", None)
    stack = getattr(tracer, "module_stack", None)
    if not stack:
        return ""
    name = next(reversed(stack.values()))[0]
    return str(name).removeprefix(_ROOT).removeprefix(".")


_ROOT = "_export_root"
"""Export's name for the model in the wrapper module that it traces."""
_proxy_tensor: Any = need("torch.fx.experimental.proxy_tensor")
need("torch.fx.experimental.proxy_tensor:_CURRENT_MAKE_FX_TRACER")


without_function_modes: Any = _no_function_modes
"""A context without function modes: attributes of tensors are read in C++. A fifth of the reads during an export are
its own, made while it looks at parameters."""


@contextmanager
def outside_modes() -> Iterator[None]:
    """A context without dispatch modes, function modes, Python dispatcher and functorch transforms: eager code."""
    with ExitStack() as stack:
        stack.enter_context(_disable_current_modes())
        stack.enter_context(_no_function_modes())
        stack.enter_context(_no_python_dispatcher())
        stack.enter_context(_no_transforms())
        stack.enter_context(_cpu_is_cpu())
        yield


@contextmanager
def _cpu_is_cpu() -> Iterator[None]:
    """Dispatches CPU tensors to CPU kernels inside a fake tensor's kernel.

    There, `in_kernel_invocation_manager` dispatches every tensor to meta kernels. A guard may be evaluated there, and
    the real kernels that it needs would do nothing and return uninitialized memory.
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
    """Like `outside_modes`, and below autograd as well; a recorded op is computed here."""
    with outside_modes(), _below_autograd():
        yield


@contextmanager
def below_autograd_if_traced(tensors: Sequence[torch.Tensor]) -> Iterator[bool]:
    """Below autograd where a dispatch mode or a tensor subclass sees the operations, which it tells; else unchanged."""
    traced = bool(_mode_stack()) or not all(type(t) in (torch.Tensor, torch.nn.Parameter) for t in tensors)
    with _below_autograd() if traced else nullcontext():
        yield traced


def active_modes() -> tuple[int, int]:
    """How many dispatch modes and function modes are active; a trace must not change the two."""
    return len(_mode_stack()), len(_function_mode_stack())


@contextmanager
def outside_tracing() -> Iterator[None]:
    """Like `outside_modes`, but function modes entered inside are active; an island is recorded here."""
    popped = [_pop_function_mode() for _ in range(_function_modes_active())]
    try:
        with _disable_current_modes(), _no_python_dispatcher(), _cpu_is_cpu():
            yield
    finally:
        for mode in reversed(popped):
            _push_function_mode(mode)


@contextmanager
def without_fake_mode() -> Iterator[None]:
    """Like `outside_modes`, and without tracing context: `torch.load` would find the trace's fake mode in it and return
    tensors without data.
    """
    with _tracing(None), outside_modes():
        yield


_tracing: Any = need("torch._guards:tracing")
_pop_function_mode: Any = need("torch.overrides:_pop_torch_function_stack")
_push_function_mode: Any = need("torch.overrides:_push_on_torch_function_stack")
_function_modes_active: Any = need("torch.overrides:_len_torch_function_stack")


class ModeStacks:
    """The number of active modes and transforms, the dispatch keys and the torch function state, at construction."""

    def __init__(self) -> None:
        self._dispatch, self._function = active_modes()
        self._pre_dispatch, self._functorch = _pre_dispatch_modes(), _transforms()
        self.keys = _included_keys(), _excluded_keys()
        self._torch_functions = _function_state()

    def restore(self) -> None:
        """Removes the modes and transforms that were added since, as by a failed trace. May be called again."""
        _undo_transforms(self._functorch)
        while _pre_dispatch_modes() > self._pre_dispatch:
            _pop_pre_dispatch()
        while active_modes()[0] > self._dispatch:
            _pop_dispatch_mode()
        while active_modes()[1] > self._function:
            _pop_function_mode()
        _set_function_state(self._torch_functions)
        for wanted, current, change in zip(self.keys, _KEYS_NOW, _CHANGE_KEY, strict=True):
            if (now := current()) != wanted:
                for key in _KEYS:
                    if now.has(key) != wanted.has(key):
                        change(key, wanted.has(key))


@contextmanager
def modes_restored() -> Iterator[None]:
    """On exit, removes the modes, transforms and dispatch keys that a failed trace left active."""
    modes = ModeStacks()
    keys = _ForceKeys(*modes.keys)  # restores, on exit, the keys that are set now
    try:
        with keys:
            yield
    finally:
        modes.restore()


@contextmanager
def as_if_nothing_traced() -> Iterator[None]:
    """Like `outside_tracing`, and without tracing context and transforms; a draft inside another trace runs here."""
    with _tracing(None), _no_transforms(), outside_tracing():
        yield


_transforms: Any = need("torch._C._functorch:get_dynamic_layer_stack_depth")
_undo_transforms: Any = need("torch._C._functorch:pop_dynamic_layer_stack_and_undo_to_depth")
_ForceKeys: Any = need("torch._C:_ForceDispatchKeyGuard")
_included_keys: Any = need("torch._C:_dispatch_tls_local_include_set")
_excluded_keys: Any = need("torch._C:_dispatch_tls_local_exclude_set")
_KEYS_NOW = (_included_keys, _excluded_keys)
_CHANGE_KEY: tuple[Any, Any] = (
    need("torch._C:_dispatch_tls_set_dispatch_key_included"),
    need("torch._C:_dispatch_tls_set_dispatch_key_excluded"),
)
_KEYS: tuple[Any, ...] = tuple(need("torch._C:DispatchKey").__members__.values())
_function_state: Any = need("torch._C:_get_torch_function_state")
_set_function_state: Any = need("torch._C:_set_torch_function_state")
_pre_dispatch_modes: Any = need("torch._ops:_len_torch_dispatch_stack_pre_dispatch")
_pop_pre_dispatch: Any = need("torch._ops:_pop_mode_from_pre_dispatch")
_pop_dispatch_mode: Any = need("torch.utils._python_dispatch:_pop_mode")


def erase_failed_nodes() -> list[str]:
    """Erases the nodes of ops that raised from the graph being traced; returns their targets.

    The tracer adds a node before it runs the op, so an op that raises leaves a node without a value.
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
        elif node.op != "get_attr" or not erased:  # a control flow operator leaves the graphs of its branches too
            break
        mode.tracer.graph.erase_node(node)
    return erased


def is_op_of_graph(func: Any) -> bool:
    """Whether `func` is the op whose node was added last to the graph being traced, not one that a kernel calls."""
    return node_of_op(func) is not None


def node_of_op(func: Any) -> torch.fx.Node | None:
    """The node of `func`, if it was added last to the graph being traced and its results are not known yet."""
    tracer = current_tracer()
    if tracer is None:
        return None
    last: torch.fx.Node = getattr(tracer, "fx_tracer", tracer).graph._root.prev
    return last if last.target is func and "val" not in last.meta else None


def retarget(target: torch.Tensor, source: torch.Tensor) -> None:
    """Gives the fake tensor `target` the sizes, the storage and the node of `source` (`target.data = source`)."""
    mode = proxy_mode()
    with _no_function_modes(), _disable_current_modes():
        torch.Tensor.data.__set__(target, source)
    if mode is not None and _has_proxy_slot(source, mode.tracer):
        _set_proxy_slot(target, mode.tracer, _get_proxy_slot(source, mode.tracer))


def is_tracked(tensor: torch.Tensor) -> bool:
    """Whether `tensor` has a node in the graph being traced; one without a node becomes a constant of the graph."""
    mode = proxy_mode()
    return mode is None or bool(_functorch_wrapped(tensor)) or bool(_has_proxy_slot(tensor, mode.tracer))


_unwrapped: Any = need("torch._C._functorch:get_unwrapped")
_functorch_wrapped: Any = need("torch._C._functorch:is_functorch_wrapped_tensor")
_has_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:has_proxy_slot")
_get_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")


def in_transform() -> bool:
    """Whether a functorch transform is active: `torch.vmap`, `torch.func.grad` and others."""
    return bool(_transforms())


def below_transforms(value: Any) -> Any:
    """The tensor that `torch.func` transforms have wrapped, which has their batches as a dimension of its own."""
    while isinstance(value, torch.Tensor) and _functorch_wrapped(value):
        value = _unwrapped(value)
    return value
