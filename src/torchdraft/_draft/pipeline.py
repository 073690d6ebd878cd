"""The pipeline, readable top to bottom: prepare, trace down the ladder, check, report."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

import torch

from torchdraft._draft.check.eager import ModelRaised, has_data, mismatch, run_eagerly
from torchdraft._draft.check.on_example import check, worth_checking
from torchdraft._draft.check.second_trace import mark_harmless_effects
from torchdraft._draft.effects.clock_answers import ClockAnswers
from torchdraft._draft.prepare.call import check_call, register_inputs, without_duplicate_tensors
from torchdraft._draft.prepare.lazy_modules import lazy_modules_materialized
from torchdraft._draft.prepare.pytree_types import forget as forget_types
from torchdraft._draft.report.assemble import build_report
from torchdraft._draft.report.phases import Phases
from torchdraft._draft.rungs.ladder import Islands, climb_down, raised_by_model, release_traceback
from torchdraft._draft.rungs.strict import trace_strictly
from torchdraft._draft.rungs.symbolic import trace_symbolically
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.request import Request
from torchdraft._draft.tracing.session import Session
from torchdraft._stack.user_stack import from_user
from torchdraft._torch.patches.quiet import torch_output_suppressed
from torchdraft._torch.shapes import is_constraint_error
from torchdraft._torch.torchscript import as_plain_module
from torchdraft.model.events import Event, ImpureCall, NotChecked, StrictFellBack

log = logging.getLogger("torchdraft")

DEFAULT_BUDGET = 2 << 30
"""Bytes of real values kept while tracing; see `torchdraft._reals`."""


def draft_export(
    mod: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
    preserve_module_call_signature: tuple[str, ...] = (),
    strict: bool = False,
    pre_dispatch: bool = True,
    prefer_deferred_runtime_asserts_over_guards: bool = False,
    check_on_example: bool | None = None,
    memory_budget: int = DEFAULT_BUDGET,
    trusted_ops: Collection[str] = (),
) -> torch.export.ExportedProgram:
    """Exports `mod` on the example inputs, whatever stands in the way, and reports everything that did.

    The arguments up to `prefer_deferred_runtime_asserts_over_guards` mean what they mean to
    `torch.export.draft_export` and `torch.export.export`.

    Args:
        mod: the model. It is left as it was: parameters, buffers, attributes.
        args: example positional inputs, a tuple. Never written to.
        kwargs: example keyword inputs.
        dynamic_shapes: which dimensions are dynamic, in any form `torch.export.export` takes.
        preserve_module_call_signature: submodules whose calling convention the program keeps.
        strict: trace through Dynamo; where it gives up the model is traced without it and the report says why.
        pre_dispatch: keep high-level ops (the default) instead of decomposing to the ATen dispatch level.
        prefer_deferred_runtime_asserts_over_guards: assert relations of dimensions at run time.
        check_on_example: run the program beside eager on the example. None: whenever a rung below the first served,
            and otherwise where that is cheap next to the trace.
        memory_budget: bytes of computed real values kept for reuse while tracing; above it the oldest are dropped, and
            computed again when something asks for them.
        trusted_ops: namespaces (`"mylib"`) or operators (`"mylib::foo"`) whose fake kernels are not compared with the
            real ones; `"*"` for all. Those that torch and its libraries ship are trusted anyway.

    Returns:
        An `ExportedProgram`; `program._report` is the `torchdraft.Report`.

    Raises:
        Whatever the model raises eagerly on these inputs, unchanged; `TypeError` or `ValueError` where the call itself
        is wrong (arguments that are no tuple, `dynamic_shapes` that do not match the signature); torch's own error
        where nothing can be made of the inputs (a nested tensor among them).

    """
    kwargs = dict(kwargs or {})
    phases = Phases()
    check_call(mod, args, kwargs, dynamic_shapes)
    mod, made = lazy_modules_materialized(as_plain_module(mod), args, kwargs)
    snapshot = Snapshot.take(mod, (args, kwargs))
    request = Request(
        mod,
        args,
        kwargs,
        {
            "dynamic_shapes": dynamic_shapes,
            "preserve_module_call_signature": preserve_module_call_signature,
            "pre_dispatch": pre_dispatch,
            "prefer_deferred_runtime_asserts_over_guards": prefer_deferred_runtime_asserts_over_guards,
        },
    )
    draft = Draft(request, snapshot, phases, memory_budget, tuple(trusted_ops))
    draft.events.extend(made)
    own: BaseException | None = None
    try:
        with torch_output_suppressed():
            program = draft.run(strict, check_on_example)
    except ModelRaised as raised:
        draft.undo()
        own = raised.error
    except BaseException:
        draft.undo()
        raise
    finally:
        snapshot.restore()
    if own is not None:
        # Outside the handler: with the model's context and no other, and the user's frame first.
        raise own.with_traceback(from_user(own.__traceback__))
    report = program._report
    log.info("%s", report.summary())
    return program


class Draft:
    """The state of one call: rungs tried, events so far."""

    def __init__(
        self, request: Request, snapshot: Snapshot, phases: Phases, budget: int, trusted_ops: tuple[str, ...] = ()
    ) -> None:
        self.request = request
        self.snapshot = snapshot
        self.phases = phases
        self.budget = budget
        self.trusted_ops = trusted_ops
        self.islands = Islands()
        self.events: list[Event] = []
        self.registered: list[type] = []
        self.expected: Any = None
        self.ran_eagerly = False
        self.relaxed = 0
        self.hide_tracing: bool | None = None  # None: a trace that the model does not notice was not tried
        self.by_dynamo = False
        self.doubted = False  # a program of Dynamo's is always checked: its treatment of transforms has been wrong
        self.session: Session | None = None
        self.runnable = has_data(request)

    def run(self, strict: bool, check_on_example: bool | None) -> torch.export.ExportedProgram:
        """A program, checked, with its report."""
        with self.phases("prepare"):
            self.registered = register_inputs(
                self.request.mod, self.request.args, dict(self.request.kwargs), self.events
            )
            self.request.args, self.request.kwargs = without_duplicate_tensors(
                (self.request.args, dict(self.request.kwargs))
            )
        program = trace_strictly(self) if strict else None
        self.by_dynamo = self.doubted = program is not None
        wrong = ""
        while True:
            with self.phases("trace"):
                program = program or self.trace()
            with self.phases("check"):
                wrong = self.check(program, check_on_example)
            if wrong and not self.repeatable():
                wrong = "" if self.explained() else wrong
                break
            if not wrong or not self.step_down(wrong):
                break
            program = None
        if wrong:
            self.events.append(NotChecked(reason=wrong, wrong=True))
        elif self.session is not None:
            with self.phases("trace"):
                mark_harmless_effects(self.request.mod, program, self.session, self.retrace)
        with self.phases("report"):
            program._report = build_report(self, program)
        return program

    def step_down(self, wrong: str) -> bool:
        """Takes the rung below one whose program differs from eager on the example; False where none can do better."""
        if self.by_dynamo:
            self.by_dynamo = False
            self.events.append(StrictFellBack(exception=f"its program differs from eager on the example: {wrong}"))
            return True
        return climb_down(self.islands, self.request.mod, AssertionError(wrong), whole=True)

    def repeatable(self) -> bool:
        """Whether the model returns again what it returned before; no program can agree with one that does not."""
        request = self.request
        return not mismatch(run_eagerly(request.mod, request.args, request.kwargs, self.snapshot), self.run_model())

    def explained(self) -> bool:
        """Whether the report names what the model reads that is another thing in every call."""
        return self.session is not None and any(isinstance(event, ImpureCall) for event in self.session.events)

    def trace(self) -> torch.export.ExportedProgram:
        """Down the ladder until a rung serves."""
        while True:
            session = self.new_session()
            try:
                program = self.attempt(session)
            except Exception as error:
                self.registered.extend(session.registered)
                log.debug("rung failed", exc_info=error)
                self.run_model()
                if self.relaxed < 2 and is_constraint_error(error):
                    self.relaxed += 1
                    continue
                if self.hide_tracing is not None:
                    self.hide_tracing = False
                elif session.asked and raised_by_model(error):
                    self.hide_tracing = True
                    continue
                if not climb_down(self.islands, self.request.mod, error):
                    raise
                release_traceback(error)
                continue
            self.registered.extend(session.registered)
            self.session = session
            return program

    def new_session(self) -> Session:
        """The state of one more trace."""
        deferred = self.request.options["prefer_deferred_runtime_asserts_over_guards"]
        return Session(
            budget=self.budget,
            prefer_deferred_runtime_asserts_over_guards=deferred,
            trusted_ops=self.trusted_ops,
        )

    def attempt(self, session: Session) -> torch.export.ExportedProgram:
        """One trace on the rung that is up."""
        return trace_symbolically(
            self.request, session, self.islands, self.snapshot, relax=self.relaxed, hide_tracing=bool(self.hide_tracing)
        )

    def retrace(self, answers: ClockAnswers) -> tuple[torch.export.ExportedProgram, Session]:
        """One more trace from the state the model is in, which hears these answers."""
        session = self.new_session()
        session.answers = answers
        program = self.attempt(session)
        self.registered.extend(session.registered)
        return program, session

    def run_model(self) -> Any:
        """The model's own output on the example, computed once. Raises `ModelRaised` if the model does."""
        if not self.ran_eagerly and self.runnable:
            with self.phases("eager"):
                self.expected = run_eagerly(self.request.mod, self.request.args, self.request.kwargs, self.snapshot)
            self.ran_eagerly = True
        return self.expected

    def check(self, program: torch.export.ExportedProgram, wanted: bool | None) -> str:
        """What differs from eager on the example; empty where nothing does or the check was not worth its price."""
        if wanted is False:
            return ""
        if not self.runnable:
            self.events.append(NotChecked(reason="weights of the model have no data"))
            return ""
        if (
            wanted is None
            and not self.islands.names
            and not self.doubted
            and not self.unanswered()
            and not (self.session is not None and self.session.has_subclasses())
            and not worth_checking(program, self.phases.seconds["trace"])
        ):
            return ""
        return check(program, self.request, self.snapshot, self.run_model) or self.unanswered()

    def unanswered(self) -> str:
        """What the program can't do as eager does it, though it may do so the first time."""
        return self.session.seeded.unanswered if self.session is not None else ""

    def undo(self) -> None:
        """After a failure nothing stays registered."""
        forget_types(self.registered)
