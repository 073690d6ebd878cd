"""Runs control flow operators that Dynamo cannot compile as plain Python, along the path of the example.

This is sound, because every condition that Python evaluates on the way becomes a guard or an assertion of the graph.
The other path is lost, which the report says.

    @python_fallback("cond", operator="torch.cond", why="...")
    def cond(pred, true_fn, false_fn, operands): ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from torchdraft._draft.tracing.declarations import Declarations, place_of
from torchdraft._stack.line_operands import describe_operand
from torchdraft._stack.user_stack import here
from torchdraft._torch.dispatch import erase_failed_nodes
from torchdraft._torch.dynamo import failure_reason
from torchdraft._torch.graph.control_flow import branch_outputs
from torchdraft.model.events import BranchMismatched, GuardResolved

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

Implementation = TypeVar("Implementation", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PythonFallback:
    """One declared fallback."""

    operator: str
    """The operator's name in the report."""
    run: Callable[..., Any]
    why: str
    condition_first: bool


FALLBACKS: Declarations[PythonFallback] = Declarations("Python fallback of", __package__)


def python_fallback(
    name: str, *, operator: str, why: str, condition_first: bool = False
) -> Callable[[Implementation], Implementation]:
    """Declares the Python implementation of the operator whose function is called `name`.

    With `condition_first` the first argument is the condition; its guard is reported as part of the operator's event.
    Raises `ValueError` for an operator that has a fallback already.
    """

    def declare(run: Implementation) -> Implementation:
        FALLBACKS.add(name, PythonFallback(operator, run, why, condition_first), place_of(run))
        return run

    return declare


class ControlFlowFallback:
    """Takes the example's path through operators such as `torch.cond`."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context

    def watched(self, compile_and_run: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        """Returns `compile_and_run()` or, where that raises, what the operator's Python fallback returns for `args`.

        Raises the operator's exception if it has no fallback.
        """
        before = self.context.log.checkpoint()
        try:
            return compile_and_run()
        except Exception as error:
            fallback = FALLBACKS.units.get(name)
            if fallback is None:
                raise
            erase_failed_nodes()
            self.context.log.rollback(before)  # nothing of the failed compilation is in the graph
            event = BranchMismatched(
                operator=fallback.operator, reason=_reason(error), branches=_branches(error), **here()
            )
            if fallback.condition_first:
                event, args = self._with_condition(event, args)
            self.context.log.emit(event)
            return fallback.run(*args)

    def _with_condition(
        self, event: BranchMismatched, args: tuple[Any, ...]
    ) -> tuple[BranchMismatched, tuple[Any, ...]]:
        """Evaluates the condition, and moves its guard into the operator's event: it is one assumption, not two."""
        before = self.context.log.checkpoint()
        outcome = bool(args[0])
        for guard in self.context.log.since(before):
            if isinstance(guard, GuardResolved):
                event = replace(event, expr=guard.expr, value=guard.value)
        self.context.log.forget_events_since(before)
        return event, (outcome, *args[1:])


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {failure_reason(error)}".split())


def _branches(error: BaseException) -> dict[str, tuple[Any, ...]]:
    """Branch → descriptions of its outputs, if both branches were traced."""
    return {name: tuple(map(describe_operand, outputs)) for name, outputs in branch_outputs(error).items()}
