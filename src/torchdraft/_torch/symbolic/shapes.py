"""Symbolic shapes: the shape environment that torchdraft subclasses, its exceptions, sympy functions and symbols."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import operator
from collections.abc import Iterator
from typing import Any

import sympy
import torch

from ..probe import need

_PATH = "torch.fx.experimental.symbolic_shapes"
ShapeEnv: Any = need(f"{_PATH}:ShapeEnv")
GuardOnDataDependentSymNode: Any = need(f"{_PATH}:GuardOnDataDependentSymNode")
ConstraintViolationError: Any = need(f"{_PATH}:ConstraintViolationError")
SLoc: Any = need("torch._guards:SLoc")
RuntimeAssert: Any = need(f"{_PATH}:RuntimeAssert")
ValueRanges: Any = need("torch.utils._sympy.value_ranges:ValueRanges")
ValueRangeError: Any = need("torch.utils._sympy.value_ranges:ValueRangeError")
CapturedTraceback: Any = need("torch.utils._traceback:CapturedTraceback")
free_unbacked_symbols: Any = need(f"{_PATH}:free_unbacked_symbols")
TruncToInt: Any = need("torch.utils._sympy.functions:TruncToInt")
FloorToInt: Any = need("torch.utils._sympy.functions:FloorToInt")
RoundToInt: Any = need("torch.utils._sympy.functions:RoundToInt")
CeilToInt: Any = need("torch.utils._sympy.functions:CeilToInt")
ToFloat: Any = need("torch.utils._sympy.functions:ToFloat")
IntTrueDiv: Any = need("torch.utils._sympy.functions:IntTrueDiv")
FloatTrueDiv: Any = need("torch.utils._sympy.functions:FloatTrueDiv")
for _name in (
    "_log_real_tensor_propagation",
    "evaluate_expr",
    "produce_guards",
    "create_unbacked_symint",
    "_get_stack_summary",
):
    need(f"{_PATH}:ShapeEnv.{_name}")

_RECORDING = "torch.fx.experimental.recording"
_calls_log: Any = need(f"{_RECORDING}:trace_shape_events_log")

int_oo: Any = need("torch.utils._sympy.numbers:int_oo")
_symbol_is_type: Any = need("torch.utils._sympy.symbol:symbol_is_type")
_SymT: Any = need("torch.utils._sympy.symbol:SymT")


def recorded_methods(env: type) -> dict[str, Any]:
    """The methods of a shape environment that `record_shapeenv_event` decorates, by name."""
    methods = {name: value for name, value in vars(env).items() if hasattr(value, "__wrapped__")}
    return {name: m for name, m in methods.items() if getattr(m, "__globals__", {}).get("__name__") == _RECORDING}


def calls_are_logged() -> bool:
    """Whether torch logs the calls of these methods (`TORCH_LOGS=trace_shape_events`)."""
    return bool(_calls_log.isEnabledFor(logging.DEBUG))


def is_unbacked(symbol: Any) -> bool:
    """Whether a symbol is unbacked: its value is known at run time only."""
    return isinstance(symbol, sympy.Symbol) and bool(
        _symbol_is_type(symbol, (_SymT.UNBACKED_INT, _SymT.UNBACKED_FLOAT))
    )


SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
"""The three symbolic scalar types a traced program can hold."""


def without_constraints(context: Any) -> Any:
    """A copy of a symbolic context without constraints on its sizes; None for no context."""
    if context is None or not getattr(context, "constraint_sizes", None):
        return None if context is not None and not hasattr(context, "constraint_sizes") else context
    return dataclasses.replace(context, constraint_sizes=[None] * len(context.constraint_sizes))


def narrow_to_guards(program: Any, env: Any) -> None:
    """Narrows the program's range constraints to the guards of the trace.

    Where a constraint violation was tolerated, the guard `s0 > 10` leaves the range at [0, ∞). A lower bound of 2 is
    upstream's 0/1 specialization, not a guard, unless the graph asserts it.
    """
    for symbol, bounds in list(program.range_constraints.items()):
        taken = env.var_to_range.get(symbol)
        if taken is None or is_unbacked(symbol) or not bounds.is_int:
            continue
        lower = max(bounds.lower, taken.lower) if taken.lower > 2 else bounds.lower
        upper = min(bounds.upper, taken.upper)
        if lower <= upper:
            program.range_constraints[symbol] = ValueRanges(lower, upper)
    for symbol, least in _least_asserted(program):
        bounds = program.range_constraints.get(symbol)
        if bounds is not None and bounds.is_int and bounds.lower < least <= bounds.upper:
            program.range_constraints[symbol] = ValueRanges(least, bounds.upper)


def _least_asserted(program: Any) -> Iterator[tuple[Any, int]]:
    """The sizes of inputs that the graph asserts to be at least a number (`s0 >= 2`), with that number."""
    for node in program.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_scalar.default):
        condition = node.args[0]
        if getattr(condition, "target", None) is not operator.ge or not isinstance(condition.args[0], torch.fx.Node):
            continue
        size, least = condition.args[0].meta.get("val"), condition.args[1]
        symbol = size.node.expr if isinstance(size, torch.SymInt) else None
        if isinstance(least, int) and isinstance(symbol, sympy.Symbol) and not is_unbacked(symbol):
            yield symbol, least


def is_constraint_error(error: BaseException) -> bool:
    """Whether an export failed because the example or the model breaks the caller's `dynamic_shapes`."""
    if isinstance(error, (ConstraintViolationError, ValueRangeError)):
        return True
    text = str(error)
    return any(words in text for words in _CONSTRAINT_WORDS)


_CONSTRAINT_WORDS = (
    "Constraints violated",
    "conflicts between user-specified ranges",
    "is not equal to",
    "to be equal to",
    "to be of the form",
    "not in range [",
)


def clean_dynamic_markers(tensors: Any) -> None:
    """Removes attributes that a failing export leaves on the user's tensors (`_dynamo_dynamic_indices` and others)."""
    clean = need("torch._export.non_strict_utils:_clean_dynamic_markers")
    for tensor in tensors:
        clean(tensor)


def as_plain(number: Any) -> Any:
    """A symbolic number as a plain one, which evaluates a guard; anything else unchanged."""
    if isinstance(number, torch.SymBool):
        return bool(number)
    if isinstance(number, torch.SymInt):
        return int(number)
    return float(number) if isinstance(number, torch.SymFloat) else number


linspace: Any = need("torch._refs:linspace")
"""`torch.linspace` as a decomposition, which accepts a symbolic number of steps; the operator does not."""


IntWrapper: Any = need("torch.export.dynamic_shapes:_IntWrapper")
"""An integer input in a form that a `ShapesCollection` can identify."""


class NoDimConstraints:
    """Replaces `DimConstraints` once the guards are produced.

    torchdraft asserts guards instead of solving them for suggested `dynamic_shapes`, and a dimension that the solver
    would specialize is no error.
    """

    def solve(self, *_args: Any, **_kwargs: Any) -> None:
        """Solves nothing."""

    def forced_specializations(self) -> dict[str, Any]:
        """Returns no specialization."""
        return {}

    def prettify_results(self, *_args: Any, **_kwargs: Any) -> str:
        """Returns no text; the report describes the guards."""
        return ""


def quotient_of(number: torch.SymFloat) -> tuple[Any, Any] | None:
    """The two integers whose true division `number` is, as the patch of `SymInt.__truediv__` noted; None for another
    number.
    """
    return vars(number).get(QUOTIENT)


QUOTIENT = "_torchdraft_quotient"
"""The attribute of a SymFloat in which its dividend and divisor are noted."""


NUMBER_FUNCTIONS: dict[str, Any] = {
    name: need(f"torch:_sym_{name}")
    for name in ("sqrt", "cos", "cosh", "sin", "sinh", "tan", "tanh", "asin", "acos", "atan", "log2")
}
"""Name of a function of the module `math` → torch's function of that name for symbolic numbers."""


@contextlib.contextmanager
def pending_symbols_forgotten(mode: Any) -> Iterator[None]:
    """A context in which, and after which, the shape environment of a finished program waits for no symbol.

    `torch.onnx.export` runs the nodes of a program again without a trace (`InsertTypePromotion`). The symbols that this
    creates have no node, and every later trace of the program fails with `PendingUnbackedSymbolNotFound`.
    """
    env = mode.shape_env
    if env is None:
        yield
        return
    env.pending_fresh_unbacked_symbols.clear()
    try:
        yield
    finally:
        env.pending_fresh_unbacked_symbols.clear()


need(f"{_PATH}:ShapeEnv.ignore_fresh_unbacked_symbols")


_statically_true: Any = need(f"{_PATH}:statically_known_true")


def always_holds(condition: Any) -> bool:
    """Whether a condition is true for all values of its symbols, without a guard."""
    return bool(_statically_true(condition))
