"""The pipeline, readable top to bottom: prepare, trace down the ladder of rungs, check, report."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from torchdraft._draft.check.eager import has_data, run_eagerly
from torchdraft._draft.check.key_order import key_order_read
from torchdraft._draft.check.on_example import check, worth_checking
from torchdraft._draft.check.outputs import mismatch
from torchdraft._draft.check.second_trace import mark_harmless_effects
from torchdraft._draft.custom_ops.trusted_ops import TrustedOps
from torchdraft._draft.effects.calls.seeded_rng import SeededDraws
from torchdraft._draft.effects.clock_answers import ClockAnswers
from torchdraft._draft.effects.trace_effects import TraceEffects
from torchdraft._draft.guards.path_questions import StoppedWhenAsked
from torchdraft._draft.learned_sizes import LearnedSizes
from torchdraft._draft.paths.budget import PathBudget
from torchdraft._draft.paths.explore import Explorer
from torchdraft._draft.paths.found import OF_THE_PROGRAM, branches, events_of, explained, one_sided
from torchdraft._draft.paths.traced.path import Path
from torchdraft._draft.prepare.call import register_inputs, without_duplicate_tensors
from torchdraft._draft.prepare.object_nodes import unregister_classes
from torchdraft._draft.report.assemble import FinishedDraft, build_report, with_origins
from torchdraft._draft.report.assertion_messages import name_issues_in_assertions
from torchdraft._draft.report.phases import Phases
from torchdraft._draft.rungs.failures import describe, difference, failure_of, release_traceback
from torchdraft._draft.rungs.ladder import next_plan, rung_of
from torchdraft._draft.rungs.nonstrict import trace_nonstrict
from torchdraft._draft.rungs.plan import Failure, ModelOutline, Plan
from torchdraft._draft.rungs.session import Session
from torchdraft._draft.rungs.strict import fell_back, trace_strict
from torchdraft._draft.shapes.fitting import fitted_shapes
from torchdraft._draft.shapes.requested import breaks_a_hint
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.request import Request
from torchdraft.model.events import Event, ImpureCall, NotChecked, PathsNotMerged, StrictFellBack

log = logging.getLogger("torchdraft")


class Draft:
    """The state of one call: the plan of the next attempt, and the events so far."""

    def __init__(
        self,
        request: Request,
        snapshot: Snapshot,
        phases: Phases,
        budget: int,
        trust: TrustedOps | None = None,
        *,
        learn_sizes: bool = False,
    ) -> None:
        self.request = request
        self.snapshot = snapshot
        self.phases = phases
        self.budget = budget
        self.trust = TrustedOps() if trust is None else trust
        self.learned = LearnedSizes(learn_sizes)
        self.plan = Plan()
        self.events: list[Event] = []
        self.registered: list[type] = []
        self.session: Session | None = None
        self.attempts = 0
        self.newest: Callable[[], Session | None] = lambda: None
        """The session of the attempt that was begun last, as long as something else holds it."""
        self.runnable = has_data(request)
        self._eager_result: Any = None
        self._ran_eagerly = False
        self.explores = False
        """Whether the other paths of the model are wanted as well."""
        self.of_paths: list[Event] = []
        """Events of the traces of single paths."""
        self.note_unmerged: Callable[[], None] = lambda: None
        """Reports why the last paths that were explored are not in the program."""
        self.succeeded = False
        """Whether a program came out."""

    def run(
        self, strict: bool, check_on_example: bool | None, paths: PathBudget | None = None
    ) -> torch.export.ExportedProgram:
        """A program, checked, with its report."""
        with self.phases("prepare"):
            self._prepare()
        self.plan = Plan(strict=strict, auto_dims=1 if breaks_a_hint(self.request) else 0)
        self.explores = paths is not None
        while True:
            with self.phases("trace"):
                program = self.traced() if paths is None else self.with_paths(paths)
            with self.phases("check"):
                wrong = self.check(program, check_on_example)
            if wrong and not self.repeatable():
                wrong = "" if self.explained() else wrong
                break
            if not wrong or not self.step_down(wrong):
                break
        if wrong:
            self.events.append(NotChecked(reason=wrong, wrong=True))
        elif self.session is not None:
            with self.phases("trace"):
                mark_harmless_effects(self.request.mod, program, self.session.effects, self.retrace)
        with self.phases("report"):
            program._report = build_report(self._finished(program))
            name_issues_in_assertions(program, program._report.issues)
        self.succeeded = True
        return program

    def _prepare(self) -> None:
        request = self.request
        self.registered = register_inputs(request.mod, request.args, dict(request.kwargs), self.events)
        request.options["dynamic_shapes"] = fitted_shapes(request)
        request.args, request.kwargs = without_duplicate_tensors((request.args, dict(request.kwargs)))

    def step_down(self, wrong: str) -> bool:
        """Plans another attempt after one whose program differs from eager; False where no rung can do better."""
        if self.plan.strict:
            reason = f"its program differs from eager on the example: {wrong}"
            self.events.append(StrictFellBack(exception=reason))
        return self._plan_after(
            difference(wrong, asked_for_tracing=self.session is not None and self.session.queries.asked)
        )

    def _plan_after(self, failure: Failure) -> bool:
        """Takes the next plan after a failure; False where there is none."""
        plan = next_plan(self.plan, failure, ModelOutline.of(self.request.mod))
        self.plan = plan or self.plan
        return plan is not None

    def repeatable(self) -> bool:
        """Whether the model returns the same again; no program can agree with one that does not."""
        request = self.request
        return not mismatch(run_eagerly(request.mod, request.args, request.kwargs, self.snapshot), self.run_model())

    def explained(self) -> bool:
        """Whether the report names what the model reads that is another thing in every call."""
        return self.session is not None and any(isinstance(event, ImpureCall) for event in self.session.context.log)

    def traced(self) -> torch.export.ExportedProgram:
        """The program of the example's path."""
        program = self.trace()
        assert program is not None
        return self.with_learned_sizes(program)

    def with_paths(self, budget: PathBudget) -> torch.export.ExportedProgram:
        """A program with both sides of the model's branches, as far as they can be merged.

        The trace of the example stops at the first question that data decides: each path is traced from the beginning.
        """
        explored = None
        program = self.trace(until_asked=self.learned.kernels is None)
        if program is None:
            explored = self.plan
            program = self.every_path(budget)
            if program is not None:
                return program
            program = self.trace()
            assert program is not None
        program = self.with_learned_sizes(program)
        if not self._is_symbolic():
            return program
        if explored is not self.plan:
            assert self.session is not None
            found = self.every_path(budget) if self.session.env.questions.asked else None
            if found is not None:
                return found
        self.note_unmerged()
        return program

    def _is_symbolic(self) -> bool:
        return not self.plan.strict and rung_of(self.plan).name == "symbolic"

    def trace(self, *, until_asked: bool = False) -> torch.export.ExportedProgram | None:
        """Attempts one plan after the other until a program comes out.

        `until_asked`: None where something is asked on the symbolic rung that data decides; the attempt stops there.
        """
        while True:
            session = self.new_session()
            session.env.questions.end_the_trace = until_asked and self._is_symbolic()
            try:
                program = self.attempt(session)
            except (Exception, SystemExit, StoppedWhenAsked) as error:  # fake tensors may exit where eager does not
                log.debug("attempt failed", exc_info=error)
                if session.env.questions.ended:
                    release_traceback(error)
                    return None
                self._plan_after_failure(session, error)
                release_traceback(error)
                continue
            finally:
                self.registered.extend(session.output_types.classes)
            if session.env.questions.ended:  # the model caught what stopped it
                return None
            self.session = session
            return program

    def _plan_after_failure(self, session: Session, error: BaseException) -> None:
        """Plans another attempt after one that raised; raises it again where no rung can do better."""
        failure = failure_of(
            error, self.request.mod, asked_for_tracing=session.queries.asked, gradients=session.computed_gradients
        )
        if self.plan.strict:
            self.events.append(fell_back(error))
        self.run_model()
        if not self._plan_after(failure):
            raise error

    def with_learned_sizes(self, program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
        """The program of another trace, in which operators have kernels that were learned; `program` where none was, or
        where the model cannot be traced with them on the same rung.
        """
        assert self.session is not None
        before = self.plan, self.session
        try:
            if self.learned.learn(self.session):
                again = self.attempt(session := self.new_session())
                self.registered.extend(session.output_types.classes)
                self.session, program = session, again
        except Exception as error:
            log.debug("the model could not be traced with learned kernels", exc_info=error)
            self.learned.forget()
            self.plan, self.session = before
            release_traceback(error)
        self.session.context.log.rewrite(self.learned.explained)
        return program

    def every_path(self, budget: PathBudget) -> torch.export.ExportedProgram | None:
        """The program with both sides of the model's branches; None where no branch has two that can be merged.

        What keeps all branches from being merged is what `note_unmerged` reports then.
        """
        explorer = Explorer(self.request, self.snapshot, self.plan, self.new_session, budget)
        try:
            with self.learned.registered():
                found = explorer.run()
        except Exception as error:
            log.debug("the paths of the model could not be merged", exc_info=error)
            self.note_unmerged = partial(self.events.append, PathsNotMerged(exception=describe(error)))
            release_traceback(error)
            return None
        if found is None:
            self.note_unmerged = partial(self._explain_guards, explorer.guarded)
            return None
        self.session = found.session
        self.session.context.log.rewrite(self.learned.explained)
        self.session.context.log.keep(*OF_THE_PROGRAM)  # the traces of the paths have the others, with their lines
        self.of_paths = events_of(found.merged, found.contexts)
        return found.program

    def _explain_guards(self, guarded: Sequence[tuple[Path, int, str]]) -> None:
        assert self.session is not None
        self.session.context.log.rewrite(lambda event: explained(event, guarded))

    def new_session(self, answers: ClockAnswers | None = None) -> Session:
        """The state of one more attempt. `answers`: what clocks give it, where they do not give the time."""
        deferred = self.request.options["prefer_deferred_runtime_asserts_over_guards"]
        self.attempts += 1
        session = Session(
            budget=self.budget,
            prefer_deferred_runtime_asserts_over_guards=deferred,
            trust=self.trust,
            answers=answers,
            learned=self.learned.kernels,
        )
        session.env.questions.are_noted = self.explores
        self.newest = weakref.ref(session)
        return session

    def progress(self) -> str:
        """What the draft does now: `trace: 120 operations, rung symbolic`."""
        session = self.newest()
        if session is None:
            return self.phases.current
        count = session.context.tape.ops_recorded
        again = f", attempt {self.attempts}" if self.attempts > 1 else ""
        return f"{self.phases.current}: {count:,} operations, rung {rung_of(self.plan).name}{again}"

    def attempt(self, session: Session) -> torch.export.ExportedProgram:
        """One trace as the plan says."""
        with self.learned.registered():
            if self.plan.strict:
                return trace_strict(self.request, session, self.snapshot)
            return trace_nonstrict(self.request, session, self.snapshot, self.plan)

    def retrace(self, answers: ClockAnswers) -> tuple[torch.export.ExportedProgram, TraceEffects]:
        """One more trace from the state the model is in, with these answers of clocks; without Dynamo."""
        session = self.new_session(answers)
        with self.learned.registered():
            program = trace_nonstrict(self.request, session, self.snapshot, self.plan)
        self.registered.extend(session.output_types.classes)
        return program, session.effects

    def run_model(self) -> Any:
        """The model's own result on the example, computed once. Raises `ModelRaised` if the model does."""
        if not self._ran_eagerly and self.runnable:
            request = self.request
            with self.phases("eager"):
                self._eager_result = run_eagerly(request.mod, request.args, request.kwargs, self.snapshot)
            self._ran_eagerly = True
        return self._eager_result

    def check(self, program: torch.export.ExportedProgram, wanted: bool | None) -> str:
        """What differs from eager on the example; empty where nothing does or the check was not worth its price."""
        if wanted is False:
            return ""
        if not self.runnable:
            self.events.append(NotChecked(reason="weights of the model have no data"))
            return ""
        assert self.session is not None
        if wanted is None and not self._must_check() and not worth_checking(program, self.phases.seconds["trace"]):
            return ""
        wrong = (
            check(program, self.request, self.snapshot, self.run_model)
            or self.session.effects.watcher(SeededDraws).unanswered
        )
        if not wrong:
            self.events.extend(key_order_read(self.request, self.snapshot, self.run_model))
        return wrong

    def _must_check(self) -> bool:
        """Whether the program is compared with eager whatever that costs: Dynamo has treated transforms wrongly, a
        recorded run may not be replayed as it ran, and subclasses of tensors are traced as plain tensors.
        """
        assert self.session is not None
        effects, user = self.session.effects, self.session.context.user
        fallible = self.plan.strict or self.plan.always_check or bool(self.plan.islands)
        return fallible or bool(effects.watcher(SeededDraws).unanswered) or user.has_subclasses()

    def _finished(self, program: torch.export.ExportedProgram) -> FinishedDraft:
        session, plan = self.session, self.plan
        assert session is not None
        return FinishedDraft(
            program=program,
            context=session.context,
            before=[*self.events, *plan.events(session.unasserted)],
            rung=rung_of(plan).name,
            fallbacks=plan.islands,
            frozen=plan.frozen,
            dimensions=session.dimensions,
            new_dynamic_shapes=session.new_dynamic_shapes,
            op_profiles=session.kernels.profiles,
            model=type(self.request.mod).__name__,
            seconds={**self.phases.seconds, "total": self.phases.since_start()},
            of_paths=self.of_paths,
            paths=branches([*self.of_paths, *with_origins(one_sided(session.context.log), session.context)]),
        )

    def undo_if_failed(self) -> None:
        """Where no program came out, no class stays registered. A program needs them in order to be called."""
        if not self.succeeded:
            unregister_classes(self.registered)
