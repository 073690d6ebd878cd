"""Patches of symbolic shapes: unbacked symbols that no node binds, conditions that the graph cannot hold."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import patches, temporary
from torchdraft._torch.patching.scopes import EXPORT, STRICT, TRACE
from torchdraft._torch.probe import need


@patches(
    "torch.fx.experimental.symbolic_shapes:compute_unbacked_bindings",
    scope=TRACE,
    why="Upstream raises `PendingUnbackedSymbolNotFound` where a node creates an unbacked symbol that its result does "
    "not contain. torchdraft binds such a symbol with a node of its own.",
)
def unbound_symbols_reported(original: Any, on_unbound: Callable[[list[Any]], None]) -> Any:
    """Calls `on_unbound` with the symbols that a traced node created and does not bind."""

    def compute(shape_env: Any, example_value: Any, old_example_value: Any = None, peek: bool = False) -> Any:
        pending = [] if shape_env is None or peek else list(shape_env.pending_fresh_unbacked_symbols)
        bound = original(shape_env, example_value, old_example_value, peek)
        unbound = [s for s in pending if not bound or s not in bound]
        if unbound:
            on_unbound(unbound)
        return bound

    return compute


@patches(
    "torch._dynamo.symbolic_convert:get_assert_bytecode_sequence",
    scope=(TRACE, STRICT),
    why="Upstream compiles an `assert` statement to see whether a branch on data is one. Under `python -O` there is no "
    "bytecode for it, and upstream raises StopIteration.",
)
def no_assertions_when_optimized(original: Any) -> Any:
    """Returns a sequence that matches no bytecode where Python runs without `assert` statements."""
    return original if __debug__ else lambda _with_message: ["no assert under python -O"]


@patches(
    "torch.fx.experimental._config:soft_pending_unbacked_not_found_error",
    scope=TRACE,
    why="See `unbound_symbols_reported`.",
)
def unbound_symbols_logged(_original: Any) -> bool:
    """Makes upstream log the error about unbound symbols instead of raising it."""
    return True


_WRITTEN = (
    "Upstream writes a condition into the graph by evaluating it with proxies. It leaves out conditions with a "
    "conversion between int and float, and raises for a division of integers and for a choice."
)


@patches(
    "torch.fx.experimental.symbolic_shapes:_has_uninterpretable_sympy_function",
    scope=EXPORT,
    why=_WRITTEN,
)
def conversions_written(_original: Any) -> Callable[[Any], bool]:
    """Leaves no condition out."""
    return lambda _expr: False


@temporary("torch.utils._sympy.reference:PythonReferenceAnalysis", scope=EXPORT, why=_WRITTEN)
def operations_written(changes: Changes) -> None:
    """Writes each operation of a condition as a call that Python computes exactly."""
    for name, operation in _OPERATIONS.items():
        changes.attribute(_Analysis, name, staticmethod(operation))


_Analysis: Any = need("torch.utils._sympy.reference:PythonReferenceAnalysis")


def _call(function: Callable[..., Any], *args: Any) -> Any:
    proxy = next((a for a in args if isinstance(a, torch.fx.Proxy)), None)
    return function(*args) if proxy is None else proxy.tracer.create_proxy("call_function", function, args, {})


def _choice(*pairs: tuple[Any, Any]) -> Any:
    """The value of the first pair whose condition holds; the last one's always does."""
    (value, condition), *others = pairs
    return torch.sym_ite(condition, value, _choice(*others)) if others else value


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "int_truediv": operator.truediv,
    "trunc_to_int": lambda number, _dtype: _call(math.trunc, number),
    "floor_to_int": lambda number, _dtype: _call(math.floor, number),
    "ceil_to_int": lambda number, _dtype: _call(math.ceil, number),
    "round_to_int": lambda number, _dtype: _call(round, number),
    "round_decimal": lambda number, digits: _call(round, number, digits),
    "expr_cond_pair": lambda value, condition: (value, condition),
    "piecewise": _choice,
}
"""Name of a handler → what it computes."""
