"""Runs the trials of a verification: draws inputs, compares program and model on them, shrinks mismatches."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator
from itertools import islice

import torch

from torchdraft._verify.explain.blame import report_of
from torchdraft._verify.explain.shrink import Shrinker
from torchdraft._verify.explain.trial import TrialReporter, in_one_line
from torchdraft._verify.inputs.call import Call
from torchdraft._verify.inputs.describe import inputs_as_code, inputs_in_words
from torchdraft._verify.inputs.draw import EXAMPLE, Drawer
from torchdraft._verify.inputs.indices import Tables
from torchdraft._verify.inputs.interface import interface_of
from torchdraft._verify.inputs.sizes import sizes_of
from torchdraft._verify.run.compare import Tolerance, unequal
from torchdraft._verify.run.pair import Pair, Verdict
from torchdraft._verify.run.sides_taken import Side, SidesTaken
from torchdraft.model import Counterexample, Outcome, Trial

REDRAWS = 2
"""How often a drawn input is drawn again if the model raises on it."""

AIMED = 6
"""How many inputs are drawn for a trial until one takes a side of a branch that no input has taken before."""


class Domain:
    """The inputs that a program accepts. Raises `ValueError` if the program has no example inputs."""

    def __init__(self, program: torch.export.ExportedProgram, names: list[str]) -> None:
        self.interface = interface_of(program, names)
        self.sizes = sizes_of(program, self.interface)
        self.tables = Tables(self.interface.leaves)


class TrialRunner:
    """Program and model, with the domain of the inputs and the report of the program. `run` runs in its place."""

    def __init__(
        self,
        program: torch.export.ExportedProgram,
        model: torch.nn.Module,
        tolerance: Tolerance,
        seed: int,
        run: torch.nn.Module | None = None,
    ) -> None:
        self.seed = seed
        ran = program.module() if run is None else run
        self.sides = SidesTaken(ran if run is None else None)  # a module of the caller stays as it is
        self.pair = Pair(model, ran, tolerance)
        self.domain: Domain | None = None
        self.undrawable = ""
        try:
            self.domain = Domain(program, self.pair.names)
        except ValueError as error:
            self.undrawable = str(error)
        report = report_of(program)
        interface = self.domain.interface if self.domain is not None else None
        self.reporter = TrialReporter(program, report.issues if report is not None else None, self.pair, interface)

    def trials(self, calls: list[Call], drawn: int, shrink: bool) -> Iterator[Trial]:
        """One trial per given input, then one per drawn input."""
        shrunk: set[frozenset[str]] = set()
        for number, (call, verdict) in enumerate(self._verdicts(calls, drawn)):
            small = None
            if shrink and verdict.wrong and verdict.places not in shrunk:
                shrunk.add(verdict.places)  # one counterexample per set of wrong places is enough
                small = self._small(call, verdict)
            yield self.reporter.trial(number, call, verdict, small)

    def notes(self) -> tuple[str, ...]:
        """Facts that are needed to interpret the result."""
        of_model, of_program = self.pair.before, self.pair.program_before
        found = sorted(n for n in of_model.keys() & of_program.keys() if unequal(of_model[n], of_program[n]))
        shown = ", ".join(found[:4]) + (", …" if len(found) > 4 else "")
        others = (f"the program was made with other values of {shown}",) if found else ()
        return (*others, *map(_not_reached, self.sides.unseen))

    def _verdicts(self, calls: list[Call], drawn: int) -> Iterator[tuple[Call, Verdict]]:
        for call in calls:
            yield call, self._compared(call)
        if not drawn:
            return
        if self.domain is None:
            raise ValueError(self.undrawable)
        drawer = Drawer(self.domain.interface, self.domain.sizes, self.domain.tables, self.seed)
        for number, variant in zip(range(drawn), drawer.variants(), strict=False):
            for _ in range(1 if variant is EXAMPLE else 1 + REDRAWS):
                call = drawer.call(variant, number)
                if variant is not EXAMPLE:
                    call = self._aimed(call, drawer, number)
                verdict = self._compared(call)
                if verdict.outcome is not Outcome.RAISED or isinstance(verdict.model_error, TimeoutError):
                    break
            drawer.note_outcome(verdict.outcome is Outcome.REJECTED)
            yield call, verdict

    def _compared(self, call: Call) -> Verdict:
        """The result of one call; notes which sides the program has taken with an equal result."""
        verdict, taken = self.sides.taken(lambda: self.pair.compare(call))
        if verdict.outcome is Outcome.EQUAL:
            self.sides.equal.update(taken)
        return verdict

    def _aimed(self, call: Call, drawer: Drawer, number: int) -> Call:
        """A call on which the program takes a side that was not seen yet, or the given one where none is found."""
        candidate = call
        for variant in islice(drawer.aimed(), AIMED if self.sides.unseen else 0):
            _, taken = self.sides.taken(lambda call=candidate: self.pair.run_program(call))  # type: ignore[misc]
            if not taken.isdisjoint(self.sides.unseen):
                return candidate
            candidate = drawer.call(variant, number)
        return call

    def _small(self, call: Call, verdict: Verdict) -> Counterexample | None:
        """The smallest input found for which the program is wrong in the same place."""
        if self.domain is None:
            return None

        def wrong(candidate: Call) -> bool:
            found = self.pair.compare(candidate)
            return found.wrong and (found.places == verdict.places or not found.places.isdisjoint(verdict.places))

        shrinker = Shrinker(self.domain.interface, self.domain.sizes, self.domain.tables, wrong)
        small = shrinker.shrink(call)
        return Counterexample(
            detail=in_one_line(self.pair.compare(small)),
            inputs=inputs_in_words(small, self.pair.names),
            code=inputs_as_code(small, self.pair.names),
            runs=shrinker.runs,
            args=small.args,
            kwargs=small.kwargs,
        )


def _not_reached(side: Side) -> str:
    """That a side was not seen, in words."""
    source = linecache.getline(side.file, side.line).strip()
    line = f"{os.path.basename(side.file)}:{side.line}" + (f", `{source}`," if source else "")
    return f"no input with an equal result takes the branch at {line} where its condition is {side.answer}"
