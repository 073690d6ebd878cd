"""Turns a verdict into a `Trial`: descriptions, the location, the issues that explain it."""

from __future__ import annotations

from dataclasses import replace

import torch

from torchdraft._verify.inputs.call import Call
from torchdraft._verify.inputs.describe import inputs_in_words
from torchdraft._verify.inputs.interface import Interface
from torchdraft._verify.run.pair import Pair, Verdict
from torchdraft.model import Counterexample, Issue, Outcome, Trial

from .blame import broken_by, may_explain
from .failure import described, failure_of


class TrialReporter:
    """Makes the trials of one program. `issues` is None if the program has no report."""

    def __init__(
        self,
        program: torch.export.ExportedProgram,
        issues: tuple[Issue, ...] | None,
        pair: Pair,
        interface: Interface | None,
    ) -> None:
        self.program = program
        self.issues = issues or ()
        self.reported = issues is not None
        self.pair = pair
        self.interface = interface

    def trial(self, number: int, call: Call, verdict: Verdict, small: Counterexample | None) -> Trial:
        """The trial for one input."""
        trial = Trial(
            number=number,
            origin=call.origin,
            inputs=inputs_in_words(call, self.pair.names),
            outcome=verdict.outcome,
            detail=in_one_line(verdict),
            counterexample=small,
        )
        if verdict.outcome is Outcome.MISMATCH:
            return self._mismatch(trial, call, verdict)
        if verdict.outcome is Outcome.REJECTED and verdict.program_error is not None:
            return self._rejection(trial, verdict.program_error)
        accepted = verdict.model_error is not None and verdict.program_error is None
        return replace(trial, told=not accepted)

    def _mismatch(self, trial: Trial, call: Call, verdict: Verdict) -> Trial:
        issues = may_explain(self.program, verdict.differences, self.issues)
        detail = trial.detail
        if verdict.model_error is None and not self.pair.repeats(call):
            detail += "; eager itself differs from run to run under the same random state"
        return replace(trial, detail=detail, issues=issues, told=bool(issues))

    def _rejection(self, trial: Trial, error: Exception) -> Trial:
        failure = failure_of(error)
        issues = broken_by(failure, self.issues, self.interface)
        expected = failure.kind in ("guard", "call")  # static sizes, declared ranges, the structure of the inputs
        return replace(
            trial,
            assertion=failure.condition,
            location=failure.location,
            issues=issues,
            told=bool(issues) or expected or not self.reported,
        )


def in_one_line(verdict: Verdict) -> str:
    """The verdict as one line."""
    when = f"in call {verdict.turn + 1}, " if verdict.turn else ""
    if verdict.model_error is not None:
        accepted = "; the program does not raise" if verdict.program_error is None else ""
        return f"{when}eager raises {described(verdict.model_error)}{accepted}"
    if verdict.program_error is not None:
        return when + described(verdict.program_error)
    if verdict.differences:
        more = len(verdict.differences) - 1
        return f"{when}{verdict.differences[0]}" + (f" (and {more} more)" if more else "")
    return "up to random numbers: the program draws others than eager" if verdict.random else ""
