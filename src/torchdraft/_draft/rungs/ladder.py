"""The ladder of rungs, and the pure function that decides the next attempt after a failure.

A failed attempt is made again from the top with another plan, since export keeps state in many places (graph, guards,
symbols, module stack) and a fresh trace has none of the old.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

import torch

from torchdraft._draft.recorded.replacements import forward_replaced
from torchdraft._source.definitions import parameter
from torchdraft.model import RungName
from torchdraft.model.events import FellBack, ResultFrozen

from .plan import Failure, ModelOutline, Plan
from .session import Session

MOST_CAUSES = 6
"""Different causes of islands after which the whole model is recorded: each costs another attempt."""


class Rung(Protocol):
    """One way to trace a model."""

    name: RungName

    def uses(self, plan: Plan) -> bool:
        """Whether `plan` is one of this rung, or of one below it."""
        ...

    def plan_after(self, plan: Plan, failure: Failure, model: ModelOutline) -> Plan | None:
        """The plan that uses this rung after `failure`; None where this rung cannot help."""
        ...

    def in_place(self, plan: Plan, mod: torch.nn.Module, session: Session) -> AbstractContextManager[object]:
        """A context in which the modules that are not traced symbolically have a replacement of their `forward`."""
        ...


class Symbolic:
    """Everything is traced with fake tensors and symbolic shapes."""

    name: RungName = "symbolic"

    def uses(self, plan: Plan) -> bool:  # noqa: ARG002
        """Every plan traces symbolically what no lower rung takes over."""
        return True

    def plan_after(self, plan: Plan, failure: Failure, model: ModelOutline) -> Plan | None:  # noqa: ARG002
        """The first plan is symbolic; no failure leads back to it."""
        return None

    def in_place(self, plan: Plan, mod: torch.nn.Module, session: Session) -> AbstractContextManager[object]:  # noqa: ARG002
        """Nothing is replaced."""
        return nullcontext()


class Islands:
    """The innermost submodule that broke the trace is recorded from its real run; the rest stays symbolic."""

    name: RungName = "island"

    def uses(self, plan: Plan) -> bool:
        """Whether a module is recorded."""
        return bool(plan.islands)

    def plan_after(self, plan: Plan, failure: Failure, model: ModelOutline) -> Plan | None:
        """The blamed module becomes an island, or the nearest module around it that is none yet."""
        if failure.whole_model or plan.causes() >= MOST_CAUSES:
            return None
        name = failure.module
        while name != "" and (name in plan.islands or not model.is_called(name)):
            name = name.rpartition(".")[0]
        return None if name == "" else with_islands(plan, failure, name, model)

    def in_place(self, plan: Plan, mod: torch.nn.Module, session: Session) -> AbstractContextManager[object]:
        """Islands have their recorder for a `forward`."""
        return forward_replaced(mod, plan.outermost_islands(), session.context)


class Recorded(Islands):
    """The whole model is recorded from its real run, and its sizes are fixed."""

    name: RungName = "concrete"

    def uses(self, plan: Plan) -> bool:
        """Whether the whole model is recorded."""
        return "" in plan.islands

    def plan_after(self, plan: Plan, failure: Failure, model: ModelOutline) -> Plan | None:
        """The model becomes the island, once."""
        return None if "" in plan.islands else with_islands(plan, failure, "", model)


class Frozen:
    """The program compares its inputs with the example's and returns the example's result as constants."""

    name: RungName = "frozen"

    def uses(self, plan: Plan) -> bool:
        """Whether the plan came to this."""
        return plan.frozen is not None

    def plan_after(self, plan: Plan, failure: Failure, model: ModelOutline) -> Plan | None:  # noqa: ARG002
        """The last rung: nothing follows where it fails."""
        if plan.frozen is not None:
            return None
        return replace(plan, frozen=ResultFrozen(stack=failure.stack, exception=failure.exception))

    def in_place(self, plan: Plan, mod: torch.nn.Module, session: Session) -> AbstractContextManager[object]:
        """The model's `forward` returns the result on the example."""
        return forward_replaced(mod, plan.outermost_islands(), session.context, on_unasserted=session.note_unasserted)


LADDER: tuple[Rung, ...] = (
    Symbolic(),  # the most general program
    Islands(),  # what stays symbolic around an island still serves other sizes
    Recorded(),  # any code that runs can be recorded, for the sizes of the example
    Frozen(),  # hardly anything can stand in its way; it serves the example alone
)
"""From the most general program to the one that always comes out: a rung is tried where those before it failed."""


def rung_of(plan: Plan) -> Rung:
    """The lowest rung that a plan uses."""
    return next(rung for rung in reversed(LADDER) if rung.uses(plan))


def next_plan(plan: Plan, failure: Failure, model: ModelOutline) -> Plan | None:
    """What to try after `plan` failed; None where no rung is left."""
    if plan.strict:
        return replace(plan, strict=False, always_check=failure.differs)
    if failure.gradients and not plan.gradients:
        return replace(plan, gradients=True)
    if failure.breaks_constraint and plan.auto_dims < 2:
        return replace(plan, auto_dims=plan.auto_dims + 1)
    if plan.hide_tracing is None and failure.model_saw_tracing:
        return replace(plan, hide_tracing=True)
    if plan.hide_tracing:
        plan = replace(plan, hide_tracing=False)
    # The rung itself comes first: an attempt with islands can fail in another module, which becomes one more island.
    plans = (rung.plan_after(plan, failure, model) for rung in LADDER[LADDER.index(rung_of(plan)) :])
    return next((found for found in plans if found is not None), None)


def with_islands(plan: Plan, failure: Failure, name: str, model: ModelOutline) -> Plan:
    """The plan with module `name` as an island, and every module of its class."""
    stack = failure.stack or (parameter(model.classes[name].forward) if failure.tensor_lost else ())
    event = FellBack(stack=stack, module=name, rung="island" if name else "concrete", exception=failure.exception)
    new = {other: event for other in model.of_same_class(name) if other not in plan.islands}
    return replace(plan, islands={**plan.islands, **new})
