"""Symbolic shapes: the environment torchdraft subclasses and the words it speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

int_oo: Any = need("torch.utils._sympy.numbers:int_oo")
_symbol_is_type: Any = need("torch.utils._sympy.symbol:symbol_is_type")
_SymT: Any = need("torch.utils._sympy.symbol:SymT")


def is_unbacked(symbol: Any) -> bool:
    """Whether a symbol names a number that only a run can tell."""
    return bool(_symbol_is_type(symbol, (_SymT.UNBACKED_INT, _SymT.UNBACKED_FLOAT)))


SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
"""The three symbolic scalar types a traced program can hold."""


@contextmanager
def unbound_symbols_reported(adopt: Callable[[list[Any]], None]) -> Iterator[None]:
    """Hands symbols that a traced node made and does not bind to `adopt`, where upstream raises
    `PendingUnbackedSymbolNotFound`."""
    module: Any = need(_PATH)
    config: Any = need("torch.fx.experimental._config")
    own = need(f"{_PATH}:compute_unbacked_bindings")

    def reporting(shape_env: Any, example_value: Any, old_example_value: Any = None, peek: bool = False) -> Any:
        pending = [] if shape_env is None or peek else list(shape_env.pending_fresh_unbacked_symbols)
        bound = own(shape_env, example_value, old_example_value, peek)
        unbound = [s for s in pending if not bound or s not in bound]
        if unbound:
            adopt(unbound)
        return bound

    module.compute_unbacked_bindings = reporting
    try:
        with config.patch(soft_pending_unbacked_not_found_error=True):
            yield
    finally:
        module.compute_unbacked_bindings = own
