"""Patches for running a model on real tensors and for recording that run with `make_fx`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import torch
from torch.overrides import handle_torch_function, has_torch_function

from torchdraft._torch.dispatch import proxy_mode
from torchdraft._torch.graph.nodes import has_strides
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import applied, patches, temporary
from torchdraft._torch.patching.scopes import REAL_RUN, RECORDING, TRACE
from torchdraft._torch.probe import need

_get_slot: Any = need("torch.fx.experimental.proxy_tensor:get_proxy_slot")
_set_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")


@patches(
    "torch.fx.experimental.proxy_tensor:extract_val",
    scope=RECORDING,
    why="The tracer stores each result's strides in its node and raises for tensors without strides (sparse CSR, "
    "nested). Upstream omits `val` for sparse COO tensors already.",
)
def any_layout_recorded(original: Any) -> Any:
    """Gives no `val` to a node whose tensor has no strides."""

    def extract_val(value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, torch.Tensor) and (value.is_quantized or not has_strides(value)):
            return None
        return original(value, *args, **kwargs)

    return extract_val


@patches(
    "torch.fx.experimental.proxy_tensor:PythonKeyTracer.call_module",
    scope=RECORDING,
    why="The nodes of a program name the submodules that they come from; `torch.export.unflatten` needs that. "
    "Upstream records them on fake tensors only.",
    upstream="torch.fx.experimental.proxy_tensor._ModuleStackTracer.call_module",
)
def module_calls_recorded(original: Any, module_names: Mapping[int, str]) -> Any:
    """Writes the running submodules into each node. `module_names`: identity of a module → its dotted name."""

    def call_module(self: Any, module: torch.nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        name = module_names.get(id(module))
        if name is None:
            return original(self, module, forward, args, kwargs)
        calls = self.num_calls.get(name, 0)
        self.num_calls[name] = calls + 1
        key = f"{name}@{calls}" if calls else name
        self.module_stack[key] = name, f"{type(module).__module__}.{type(module).__qualname__}"
        try:
            return original(self, module, forward, args, kwargs)
        finally:
            self.module_stack.pop(key, None)

    return call_module


@patches(
    "torch:Tensor.as_subclass",
    scope=RECORDING,
    why="The tracer identifies tensors by their Python object, so an object of a subclass is an unknown tensor to it, "
    "and operations on it are given back to the subclass, which cannot trace them.",
)
def subclasses_recorded(original: Any) -> Any:
    """Gives the result of `as_subclass` the node of the tensor that it was made from."""

    def as_subclass(self: torch.Tensor, cls: Any) -> Any:
        made = original(self, cls)
        mode = proxy_mode()
        slot = None if mode is None or made is self else _get_slot(self, mode.tracer, None)
        if mode is not None and slot is not None:
            _set_slot(made, mode.tracer, slot)
        return made

    return as_subclass


@patches(
    "torch:Tensor.__reduce_ex__",
    scope=RECORDING,
    why="`Tensor.__reduce_ex__` does not call function modes for a plain tensor. It passes the tensor's storage to a "
    "function, and no graph can contain a storage.",
    upstream="torch/_tensor.py, Tensor.__reduce_ex__",
)
def pickling_dispatched(original: Any) -> Any:
    """Lets function modes handle `__reduce_ex__` of plain tensors."""

    def reduce_ex(self: torch.Tensor, protocol: Any) -> Any:
        if has_torch_function((self,)):
            return handle_torch_function(original, (self,), self, protocol)
        return original(self, protocol)

    return reduce_ex


@temporary(
    "torch.compiler:is_compiling",
    "torch.compiler:is_exporting",
    "torch._utils:is_compiling",
    "torch._dynamo.external_utils:is_compiling",
    "torch.fx._symbolic_trace:is_fx_tracing",
    scope=(TRACE, REAL_RUN),
    why="A model that takes another path while it is compiled or exported would be exported with that path instead of "
    "the one that eager takes. torch's own code still gets the true answer, which keeps `torch.compile` out of a "
    "trace; `is_fx_tracing` only makes it raise. Dynamo knows these functions by their identity, and a model may have "
    "imported them by name, so their code is replaced and not the functions.",
)
def tracing_flags_answered(
    changes: Changes, is_framework: Callable[[CodeType], bool], tracing_answer: Callable[[bool], bool]
) -> None:
    """Returns `tracing_answer(torch's answer)` to callers outside of torch."""

    def instead_of(function: FunctionType, original: Callable[[], bool]) -> Callable[[], bool]:
        def answer() -> bool:
            truth = original() or (function is _is_exporting and _EXPORTING in _concealed)
            if function is not _is_fx_tracing and is_framework(sys._getframe(2).f_code):
                return truth
            return tracing_answer(truth)

        return answer

    for function in (_is_compiling, _is_exporting, _deprecated_is_compiling, _dynamo_is_compiling, _is_fx_tracing):
        original = FunctionType(function.__code__, function.__globals__)
        name = f"_torchdraft_answer_{next(_applications)}"
        code = (lambda: _answer()).__code__.replace(  # type: ignore[name-defined]  # noqa: F821
            co_names=(name,), co_filename=function.__code__.co_filename, co_name=function.__code__.co_name
        )
        changes.item(function.__globals__, name, instead_of(function, original))
        changes.afterwards(partial(setattr, function, "__code__", function.__code__))
        function.__code__ = code


_is_compiling: Any = need("torch.compiler:is_compiling")
_is_exporting: Any = need("torch.compiler:is_exporting")
_deprecated_is_compiling: Any = need("torch._utils:is_compiling")
_dynamo_is_compiling: Any = need("torch._dynamo.external_utils:is_compiling")
_is_fx_tracing: Any = need("torch.fx._symbolic_trace:is_fx_tracing")
_applications = itertools.count()
_EXPORTING = "_is_exporting_flag"
_concealed: list[str] = []
need(f"torch.compiler:{_EXPORTING}")


def exporting_concealed() -> Changes:
    """A context in which Dynamo tells the code that it interprets that it is not exported; torch's own code gets the
    true answer. Dynamo reads a flag in the place of calling `is_exporting`.
    """

    def make(changes: Changes) -> None:
        if getattr(torch.compiler, _EXPORTING):
            changes.afterwards(_concealed.clear)
            _concealed.append(_EXPORTING)
            changes.attribute(torch.compiler, _EXPORTING, False)

    return Changes(make)


def tracing_flags_hidden(is_framework: Callable[[CodeType], bool]) -> Changes:
    """The patches of REAL_RUN: code outside of torch is told that it is not traced, as in eager."""
    return applied(REAL_RUN, is_framework=is_framework, tracing_answer=lambda _: False)
