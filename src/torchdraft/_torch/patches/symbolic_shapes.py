"""Patches of symbolic shapes: unbacked symbols that no node binds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import STRICT, TRACE


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
