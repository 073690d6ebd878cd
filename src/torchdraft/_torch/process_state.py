"""Global flags and modes of torch that an export changes while it runs.

Upstream restores each of them in a `finally` clause. An exception in the middle of such a clause, which a
KeyboardInterrupt may be, leaves it changed for the rest of the process.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import torch
from torch.distributions import Distribution

from .dispatch import ModeStacks
from .probe import need
from .wrapped_functions import WrappedFunctions

_FLAGS: tuple[tuple[Any, str], ...] = tuple(
    (need(module), name)
    for module, names in (
        ("torch.compiler", ("_is_compiling_flag", "_is_exporting_flag", "_is_non_strict_tracing_flag")),
        ("torch.fx._symbolic_trace", ("_is_fx_tracing_flag",)),
        ("torch.fx._lazy_graph_module", ("_use_lazy_graph_module_flag", "_force_skip_lazy_graph_module_flag")),
        ("torch.fx.experimental.proxy_tensor", ("_CURRENT_MAKE_FX_TRACER",)),
        ("torch.fx.traceback", ("should_preserve_node_meta", "_should_preserve_node_meta")),
        ("torch.export._trace", ("_EXPORT_FLAGS", "_EXPORT_MODULE_HIERARCHY")),
        ("torch._export.utils", ("_DISABLE_ATEN_TO_ASSERTION_PASS",)),
    )
    for name in names
    if hasattr(need(module), name)
)
_guards: Any = need("torch._guards:_TLS")
_CONTEXTS = ("tracing_context", "compile_context")
_MISSING = object()


class ProcessState:
    """The flags and modes at the time of construction."""

    def __init__(self) -> None:
        self._flags = [(module, name, getattr(module, name)) for module, name in _FLAGS]
        self._contexts = [(name, getattr(_guards, name, _MISSING)) for name in _CONTEXTS]
        self._modes = ModeStacks()
        self._wrapped = WrappedFunctions()
        self._grad = torch.is_grad_enabled()
        self._validates = Distribution._validate_args

    def restore(self, *, interrupted: bool = False) -> None:
        """Restores them. May be called again. `interrupted` says that upstream may not have undone its own patches."""
        for module, name, value in self._flags:
            if getattr(module, name) is not value:
                setattr(module, name, value)
        for name, value in self._contexts:
            if value is not _MISSING:
                setattr(_guards, name, value)
            elif hasattr(_guards, name):
                setattr(_guards, name, None)
        self._modes.restore()
        self._wrapped.restore(everywhere=interrupted)
        torch.set_grad_enabled(self._grad)
        if Distribution._validate_args is not self._validates:
            Distribution._validate_args = self._validates
            _let_dynamo_switch_validation_off_again()


def _let_dynamo_switch_validation_off_again() -> None:
    """Dynamo switches the validation of all distributions off at its first use in a process, and never again: it finds
    no branch there then. What is compiled after the draft has to find it switched off too.
    """
    eval_frame: Any = sys.modules.get("torch._dynamo.eval_frame")
    if eval_frame is not None:
        eval_frame.TorchPatcher.patch.cache_clear()


def release_frames(interrupt: BaseException) -> None:
    """Clears the frames in an interrupt's traceback, except those that are running.

    A context manager that was interrupted while it was entered is referenced by these frames only. When they are freed,
    its generator runs to its end, and its C++ guards restore thread-local state. Unless this happens here, it happens
    after `ProcessState.restore`.
    """
    trace = interrupt.__traceback__
    while trace is not None:
        with suppress(RuntimeError):
            trace.tb_frame.clear()
        trace = trace.tb_next
