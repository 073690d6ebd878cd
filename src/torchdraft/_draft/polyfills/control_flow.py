"""Control flow operators that Dynamo cannot compile run as the Python they stand for: the path the example takes.

That is sound: every condition Python evaluates on the way is answered from the tape and asserted in the graph. What is
lost is the other path, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._stack.user_stack import describe_operand, here
from torchdraft._torch import pytree
from torchdraft._torch.control_flow import branch_outputs
from torchdraft._torch.dispatch import erase_failed_nodes
from torchdraft._torch.dynamo import failure_reason
from torchdraft.model.events import BranchMismatched, GuardResolved

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class ControlFlowFallback:
    """Takes the example's path through `torch.cond`, `while_loop`, `map` or `scan`."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context

    def watched(self, compile_and_run: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        """What the operator returns; where it cannot be had whole, its path on the example. Raises for the others."""
        before = self.context.log.checkpoint()
        try:
            return compile_and_run()
        except Exception as error:
            as_python = AS_PYTHON.get(name)
            if as_python is None:
                raise
            erase_failed_nodes()
            self.context.log.rollback(before)  # of a try that left no trace
            told = BranchMismatched(
                operator=OPERATORS[name], reason=_reason(error), branches=_branches(error), **here(2)
            )
            if name == "cond":
                told, args = self._decided(told, args)
            self.context.log.emit(told)
            return as_python(*args)

    def _decided(self, told: BranchMismatched, args: tuple[Any, ...]) -> tuple[BranchMismatched, tuple[Any, ...]]:
        """Takes the condition of a `cond` into its own event: it is one assumption, not two."""
        before = self.context.log.checkpoint()
        taken = bool(args[0])
        for guard in self.context.log.since(before):
            if isinstance(guard, GuardResolved):
                told = replace(told, expr=guard.expr, value=guard.value)
        self.context.log.forget_events_since(before)
        return told, (taken, *args[1:])


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {failure_reason(error)}".split())


def _branches(error: BaseException) -> dict[str, tuple[Any, ...]]:
    """What each branch returns, where that is known."""
    return {name: tuple(map(describe_operand, outputs)) for name, outputs in branch_outputs(error).items()}


def _cond(pred: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
    return (true_fn if bool(pred) else false_fn)(*operands)


def _while_loop(cond_fn: Any, body_fn: Any, carried: Any, more: Any = ()) -> Any:
    while bool(cond_fn(*carried, *more)):
        out = body_fn(*carried, *more)
        carried = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    return tuple(carried)


def _map(row_fn: Any, rows: Any, more: Any) -> Any:
    made = [row_fn(_alone(row), *more) for row in zip(*(r.unbind(0) for r in rows), strict=True)]
    return _stacked(made)


def _scan(step: Any, carried: Any, rows: Any) -> Any:
    steps = []
    for row in zip(*(r.unbind(0) for r in rows), strict=True):
        out = step(*carried, *row)
        carried = list(out[: len(carried)])
        steps.append(list(out[len(carried) :]))
    return carried, [torch.stack(column) for column in zip(*steps, strict=True)]


def _alone(row: tuple[Any, ...]) -> Any:
    return row[0] if len(row) == 1 else row


def _stacked(made: list[Any]) -> Any:
    """A list of like structures as one structure of stacked tensors."""
    leaves = [pytree.tree_leaves(one) for one in made]
    columns = [torch.stack(column) for column in zip(*leaves, strict=True)]
    return pytree.tree_unflatten(columns, pytree.tree_flatten(made[0])[1])


AS_PYTHON: dict[str, Callable[..., Any]] = {"cond": _cond, "while_loop": _while_loop, "map": _map, "scan": _scan}
OPERATORS = {"cond": "torch.cond", "while_loop": "while_loop", "map": "map", "scan": "scan"}
