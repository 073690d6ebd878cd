"""Symbolic shapes: the environment torchdraft subclasses and the words it speaks."""

from __future__ import annotations

from typing import Any

import torch

from .probe import need

_PATH = "torch.fx.experimental.symbolic_shapes"
ShapeEnv: Any = need(f"{_PATH}:ShapeEnv")
GuardOnDataDependentSymNode: Any = need(f"{_PATH}:GuardOnDataDependentSymNode")
ConstraintViolationError: Any = need(f"{_PATH}:ConstraintViolationError")
RuntimeAssert: Any = need(f"{_PATH}:RuntimeAssert")
ValueRanges: Any = need("torch.utils._sympy.value_ranges:ValueRanges")
ValueRangeError: Any = need("torch.utils._sympy.value_ranges:ValueRangeError")
CapturedTraceback: Any = need("torch.utils._traceback:CapturedTraceback")
free_unbacked_symbols: Any = need(f"{_PATH}:free_unbacked_symbols")
TruncToInt: Any = need("torch.utils._sympy.functions:TruncToInt")
CeilToInt: Any = need("torch.utils._sympy.functions:CeilToInt")
ToFloat: Any = need("torch.utils._sympy.functions:ToFloat")
has_unwritable_function: Any = need(f"{_PATH}:_has_uninterpretable_sympy_function")
for _name in ("_log_real_tensor_propagation", "evaluate_expr", "produce_guards", "create_unbacked_symint"):
    need(f"{_PATH}:ShapeEnv.{_name}")

SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
"""The three symbolic scalar types a traced program can hold."""
