"""Runs program and model on the same call and compares the results."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._verify.inputs.call import Call
from torchdraft._verify.inputs.interface import argument_names
from torchdraft.model import Outcome

from .compare import Difference, Tolerance, differences
from .purpose import raised_on_purpose
from .randomness import OTHER_SEED, drew_alike, without_random
from .side import RunResult, Side, state_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one call."""

    outcome: Outcome
    differences: list[Difference] = field(default_factory=list)
    model_error: Exception | None = None
    program_error: Exception | None = None
    turn: int = 0
    """The index of the failing call among repeated calls."""
    random: bool = False
    """True if values were not compared because the program draws other random numbers than eager."""

    @property
    def wrong(self) -> bool:
        """True if the program is silently wrong."""
        return self.outcome is Outcome.MISMATCH

    @property
    def places(self) -> frozenset[str]:
        """The places where program and eager differ."""
        return frozenset(each.where for each in self.differences)


class Pair:
    """Both sides, and a snapshot of the global state that is restored after every run."""

    def __init__(self, model: torch.nn.Module, program: torch.nn.Module, tolerance: Tolerance) -> None:
        self.model = Side(model)
        self.program = Side(program)
        self.tolerance = tolerance
        self.names = argument_names(model)
        self.before = state_of(model)
        self.program_before = state_of(program)
        self.surroundings = Snapshot(model)

    def compare(self, call: Call) -> Verdict:
        """Runs both sides on the call. Both sides and global state, random state included, are restored."""
        turns = self._run(call, stop=True)
        want, got = turns[-1]
        turn = len(turns) - 1
        if want.error is not None or got.error is not None:
            return _raised(want.error, got.error, turn)
        found = self._differences(want, got)
        left = found
        if found and not drew_alike(want, got):
            left = self._not_random(call, turns, found)
        outcome = Outcome.MISMATCH if left else Outcome.EQUAL
        return Verdict(outcome, left, turn=turn, random=len(left) < len(found))

    def run_program(self, call: Call) -> None:
        """Runs the program alone, once."""
        try:
            with torch.compiler.set_stance("force_eager"), self.model.private_state(), self.program.private_state():
                self.program.run(call)
        finally:
            self.surroundings.restore()

    def repeats(self, call: Call) -> bool:
        """True if the model gives the same results twice under the same random state."""
        first, second = (self._run(call)[-1][0] for _ in range(2))
        if first.error is not None or second.error is not None:
            return type(first.error) is type(second.error)
        return not self._differences(first, second)

    def _run(self, call: Call, stop: bool = False) -> list[tuple[RunResult, RunResult]]:
        """The runs of both sides for each repeated call. With `stop`, up to the first call whose results differ."""
        turns: list[tuple[RunResult, RunResult]] = []
        try:
            # Control flow operators compile when they are called: once per shape, until torch refuses.
            with torch.compiler.set_stance("force_eager"), self.model.private_state(), self.program.private_state():
                for turn in range(call.times):
                    want = self.model.run(call, turn)
                    endless = isinstance(want.error, TimeoutError)
                    pair = (want, want if endless else self.program.run(call, turn))
                    turns.append(pair)
                    if any(ran.error is not None for ran in pair) or (stop and self._differences(*pair)):
                        break
        finally:
            self.surroundings.restore()
        return turns

    def _differences(self, want: RunResult, got: RunResult) -> list[Difference]:
        return differences(want, got, self.before, self.names, self.tolerance)

    def _not_random(
        self, call: Call, turns: list[tuple[RunResult, RunResult]], found: list[Difference]
    ) -> list[Difference]:
        again = self._run(replace(call, seed=call.seed + OTHER_SEED, times=len(turns)))
        want, got = again[-1]
        if len(again) < len(turns) or want.error is not None or got.error is not None:
            return found
        return without_random(found, self._differences(turns[-1][0], want), self._differences(turns[-1][1], got))


def _raised(model: Exception | None, program: Exception | None, turn: int) -> Verdict:
    if model is None:
        return Verdict(Outcome.REJECTED, program_error=program, turn=turn)
    lost_check = program is None and raised_on_purpose(model)
    return Verdict(Outcome.MISMATCH if lost_check else Outcome.RAISED, [], model, program, turn)
