"""Symbolic shapes: the environment torchdraft subclasses and the words it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    pass

import dataclasses

import sympy

from .probe import need

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
has_unwritable_function: Any = need(f"{_PATH}:_has_uninterpretable_sympy_function")
for _name in (
    "_log_real_tensor_propagation",
    "evaluate_expr",
    "produce_guards",
    "create_unbacked_symint",
    "_get_stack_summary",
):
    need(f"{_PATH}:ShapeEnv.{_name}")

int_oo: Any = need("torch.utils._sympy.numbers:int_oo")
_symbol_is_type: Any = need("torch.utils._sympy.symbol:symbol_is_type")
_SymT: Any = need("torch.utils._sympy.symbol:SymT")


def is_unbacked(symbol: Any) -> bool:
    """Whether a symbol names a number that only a run can tell."""
    return isinstance(symbol, sympy.Symbol) and bool(
        _symbol_is_type(symbol, (_SymT.UNBACKED_INT, _SymT.UNBACKED_FLOAT))
    )


SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
"""The three symbolic scalar types a traced program can hold."""


def without_constraints(context: Any) -> Any:
    """A symbolic context that lets its dimensions be whatever the trace found."""
    if context is None or not getattr(context, "constraint_sizes", None):
        return None if context is not None and not hasattr(context, "constraint_sizes") else context
    return dataclasses.replace(context, constraint_sizes=[None] * len(context.constraint_sizes))


def narrow_to_guards(program: Any, env: Any) -> None:
    """Lets the program's range constraints say what the guards taken say (`s0 > 10` leaves them at [0, ∞) where a
    violated constraint was let pass). A lower bound of 2 is upstream's assumption, not a guard.
    """
    for symbol, bounds in list(program.range_constraints.items()):
        taken = env.var_to_range.get(symbol)
        if taken is None or is_unbacked(symbol) or not bounds.is_int:
            continue
        lower = max(bounds.lower, taken.lower) if taken.lower > 2 else bounds.lower
        upper = min(bounds.upper, taken.upper)
        if lower <= upper:
            program.range_constraints[symbol] = ValueRanges(lower, upper)


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
    "not in range [",
)


def clean_dynamic_markers(tensors: Any) -> None:
    """Removes the marks export leaves on the user's tensors when it fails (`_dynamo_dynamic_indices` and others)."""
    clean = need("torch._export.non_strict_utils:_clean_dynamic_markers")
    for tensor in tensors:
        clean(tensor)


def as_plain(number: Any) -> Any:
    """A symbolic number as a plain one, under a guard: Python or native code may do anything with it."""
    if isinstance(number, torch.SymBool):
        return bool(number)
    if isinstance(number, torch.SymInt):
        return int(number)
    return float(number) if isinstance(number, torch.SymFloat) else number
