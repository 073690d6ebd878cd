"""Patches of higher-order operators: control flow operators inside a non-strict trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

from torchdraft._torch.patches.tracers.recorded_runs import exporting_concealed
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import patches, temporary
from torchdraft._torch.patching.scopes import STRICT, TRACE
from torchdraft._torch.probe import need
from torchdraft._torch.symbolic.fake import FakeTensorMode

_higher_order_ops: Any = need("torch._ops:_higher_order_ops")
_ProxyMode: Any = need("torch.fx.experimental.proxy_tensor:ProxyTorchDispatchMode")


class FallbackForControlFlow(Protocol):
    """Computes the outputs of an operator that Dynamo could not compile."""

    def watched(self, compile_and_run: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        """Returns `compile_and_run()` or, where that raises, the outputs of the operator `name` for `args`."""
        ...


@patches(
    "torch._higher_order_ops.utils:_hop_compile_and_call",
    scope=TRACE,
    why="Outside of Dynamo, control flow operators compile their branches with Dynamo, which fails where a branch "
    "reads data. The operators look `_hop_compile_and_call` up in its module at each call; its argument is a "
    "function local to the operator's own (`cond.<locals>._cond_op_wrapper`).",
)
def control_flow_fallback(original: Any, control_flow: FallbackForControlFlow, dynamo_asked: Callable[[], bool]) -> Any:
    """Lets `control_flow` compute the outputs where Dynamo cannot compile the branches. Calls `dynamo_asked` before
    Dynamo interprets them; if it returns False, the branches see no export.
    """

    def compile_and_call(fn: Any, args: tuple[Any, ...], kwargs: Any = None) -> Any:
        name = getattr(fn, "__qualname__", str(fn)).partition(".")[0]
        with nullcontext() if dynamo_asked() else exporting_concealed():
            return control_flow.watched(lambda: original(fn, args, kwargs), name, args)

    return compile_and_call


_STEPPED = ("scan", "associative_scan", "map_impl")
"""Operators whose traced outputs are clones of their inputs, made without calling a rule of the fake mode."""


@temporary(
    "torch._ops:_higher_order_ops",
    scope=(TRACE, STRICT),
    why="`HigherOrderOperator.dispatch` looks a rule up by the exact class of the active mode, so a subclass of "
    "FakeTensorMode finds none.",
    upstream="torch._ops.HigherOrderOperator.python_key_table",
)
def higher_order_rules(
    changes: Changes, mode_class: Any, on_surrogate_outputs: Callable[[Any, Any, Any], None]
) -> None:
    """Registers FakeTensorMode's rules of higher-order operators for its subclass `mode_class`, and calls
    `on_surrogate_outputs(op, args, outputs)` for operators whose traced outputs come from no rule.
    """
    for op in list(_higher_order_ops.values()):
        changes.afterwards(op._dispatch_cache.clear)
        rule = op.python_key_table.get(FakeTensorMode)
        if rule is not None and mode_class not in op.python_key_table:
            changes.item(op.python_key_table, mode_class, mode_class.higher_order(op, rule))
        if op.name() in _STEPPED:
            traced = op.python_key_table[_ProxyMode]
            changes.item(op.python_key_table, _ProxyMode, _reporting(op, traced, on_surrogate_outputs))
        op._dispatch_cache.clear()


def _reporting(op: Any, traced: Any, on_surrogate_outputs: Callable[[Any, Any, Any], None]) -> Any:
    def rule(mode: Any, *args: Any, **kwargs: Any) -> Any:
        out = traced(mode, *args, **kwargs)
        if not kwargs:
            on_surrogate_outputs(op, args, out)
        return out

    return rule
