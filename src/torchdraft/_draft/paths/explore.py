"""Traces the paths of a model one after the other, merges them, and traces the merged graph."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._draft.polyfills.python.loops import Counters, counted_by
from torchdraft._draft.rungs.failures import describe, release_traceback
from torchdraft._draft.rungs.nonstrict import trace_nonstrict
from torchdraft._draft.rungs.plan import Plan
from torchdraft._draft.rungs.session import Session
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.request import Request
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import MERGED

from .budget import PathBudget
from .crosscheck import disagreement
from .merging.alignment import Unlike
from .merging.loops import loops_are_hopeless
from .merging.merge import Ends, Merged, Merger
from .replay import forward_is, merged_forward
from .traced.decisions import Decisions
from .traced.path import Path
from .traced.places import Key

log = logging.getLogger("torchdraft")


MOST_CHANGED = 6
"""Attempts to find a path on the other side of a branch on which the model does not raise."""

MOST_REFUSED = 8
"""Merged graphs that are tried, each without the branch at which the one before could not be traced."""


@dataclass(frozen=True, slots=True)
class EveryPath:
    """A program with both sides of branches, and what is known of them."""

    program: torch.export.ExportedProgram
    session: Session
    """The trace of the merged graph."""
    merged: Merged
    contexts: Mapping[int, TraceContext]
    """Number of a path → its trace."""


class Explorer:
    """Explores the paths of one model."""

    def __init__(
        self, request: Request, snapshot: Snapshot, plan: Plan, new_session: Callable[[], Session], budget: PathBudget
    ) -> None:
        self.request, self.snapshot, self.plan = request, snapshot, plan
        self.new_session = new_session
        self.budget = budget
        self.paths: list[Path] = []
        self.guarded: list[tuple[Path, int, str]] = []
        """Path, decision, and why its other side is not kept: those of the last merged graph."""
        self._counters: Counters | None = None
        self._contexts: dict[int, TraceContext] = {}
        self._others: dict[tuple[int, int], Path | str] = {}
        self._lines: Counter[Any] = Counter()
        self._end = time.monotonic() + budget.seconds

    def run(self) -> EveryPath | None:
        """The program with both sides; None where no branch has two sides that can be merged.

        The numbers of loops are symbols at first. Where that leaves a branch with one side, they are plain numbers.
        """
        self._counters = Counters()
        try:
            found = self._merged()
        except Exception as error:
            if not self._counters.used:
                raise
            log.debug("loops are unrolled", exc_info=error)
            release_traceback(error)
            found = None
        if not self._counters.used or (found is not None and not found.merged.guarded):
            return found
        self._start_again()
        again = self._merged()
        return found if again is None or (found and _guards(found) <= _guards(again)) else again

    def _start_again(self) -> None:
        self._counters = None
        self.paths.clear()
        self._contexts = {}
        self._others.clear()
        self._lines.clear()
        self._end = time.monotonic() + self.budget.seconds

    def _merged(self) -> EveryPath | None:
        first = self._trace(Decisions(self.request.mod))
        if not first.decisions:
            return None
        if self._counters is not None and self._counters.used and loops_are_hopeless(first):
            raise Unlike("a turn of a loop is no function of tensors and numbers alone")
        merger = Merger(first, self._other)
        for _ in range(MOST_REFUSED):
            merged = merger.merge()
            self.guarded = merged.guarded
            if not merged.kept:
                return None
            if differs := disagreement(merged, self.paths, self.request, self._combination):
                if _unroll_loops(merger, merged, differs):
                    continue
                if merger.apart:
                    raise Unlike(differs)
                log.debug("branches are merged after the last one: %s", differs)
                merger = Merger(first, self._other, apart=True)
                continue
            failed_at: list[Any] = []
            try:
                return self._traced(merged, failed_at)
            except Exception as error:
                if not failed_at:
                    raise
                log.debug("a branch could not be traced as torch.cond", exc_info=error)
                _refuse(merger, failed_at[0], describe(error))
        return None

    def _traced(self, merged: Merged, failed_at: list[Any]) -> EveryPath:
        session = self.new_session()
        session.env.most_symbols = math.inf  # each side is run once for every branch around it
        forward = merged_forward(self.request.mod, merged.body, self.paths, session.env, failed_at)
        with forward_is(self.request.mod, forward), applied(MERGED):
            program = trace_nonstrict(self.request, session, self.snapshot, self.plan)
        return EveryPath(program, session, merged, self._contexts)

    def _trace(self, decisions: Decisions, *, explored: bool = True) -> Path:
        session = self.new_session()
        session.env.questions.answers = decisions
        decisions.learn = session.env.sides.learn
        with counted_by(self._counters):
            program = trace_nonstrict(self.request, session, self.snapshot, self.plan, finished=False)
        for decision in decisions.taken:
            decision.state.forget_values()
        path = Path(program, tuple(decisions.taken), len(self.paths))
        if explored:
            self.paths.append(path)
            self._contexts[path.number] = session.context
        return path

    def _combination(self, answers: Mapping[Key, bool]) -> Path | None:
        """The path with these answers; None where it cannot be traced."""
        try:
            return self._trace(Decisions(self.request.mod, (), answers), explored=False)
        except Exception as error:
            log.debug("a combination of sides could not be traced", exc_info=error)
            release_traceback(error)
            return None

    def _other(self, path: Path, decision: int) -> Path:
        """The path on which one decision is the other one, and later ones are as before where they come again."""
        key = (id(path), decision)
        if key not in self._others:
            self._others[key] = self._explored(path, decision)
        found = self._others[key]
        if isinstance(found, str):
            raise Unlike(found)
        return found

    def _explored(self, path: Path, decision: int) -> Path | str:
        if path.decisions[decision].one_sided:
            return path.decisions[decision].one_sided
        line = path.decisions[decision].key.code
        if self._lines[line] >= self.budget.at_one_line:
            return f"this line has {self.budget.at_one_line} branches already, the most that are kept of one line"
        if len(self.paths) > self.budget.paths:
            return f"{self.budget.paths} paths were traced, the most for one program"
        if time.monotonic() > self._end:
            return f"the paths took longer than {self.budget.seconds:.0f} s, the most for one program"
        self._lines[line] += 1
        answers = path.answers
        return self._first_that_traces([*answers[:decision], not answers[decision]], path)

    def _first_that_traces(self, forced: list[bool], path: Path) -> Path | str:
        """A path with these first answers. Where the model raises on it, the last of its further answers is changed."""
        given, reason = len(forced), ""
        for _ in range(MOST_CHANGED):
            decisions = Decisions(self.request.mod, forced, path.preferred)
            try:
                return self._trace(decisions)
            except Exception as error:
                log.debug("the other side of a branch could not be traced", exc_info=error)
                reason = reason or f"its other side could not be traced: {describe(error)}"
                release_traceback(error)
            forced = _next_answers([each.answer for each in decisions.taken], forced, given)
            if not forced:
                break
        return reason


def _unroll_loops(merger: Merger, merged: Merged, reason: str) -> bool:
    """Unrolls the loops of a merged graph; returns whether there are any."""
    loops = [kept for kept in merged.kept if kept.loop]
    for kept in loops:
        merger.unroll(kept.path, kept.decision, reason)
    return bool(loops)


def _guards(found: EveryPath) -> int:
    return len(found.merged.guarded)


def _refuse(merger: Merger, failed: Any, error: str) -> None:
    if isinstance(failed, Ends):
        merger.unroll(failed.path, failed.decision, f"`torch.while_loop` cannot express it: {error}")
    else:
        path, decision = failed
        merger.refuse(path, decision, f"`torch.cond` cannot express it: {error}")


def _next_answers(taken: list[bool], forced: list[bool], given: int) -> list[bool]:
    """The answers to try after `taken` failed: the last one changed, or the one before where it was changed already.

    The first `given` answers stay as they are. Empty where no others are left.
    """
    last = len(taken) - 1 if len(taken) > len(forced) else len(forced) - 2
    return [*taken[:last], not taken[last]] if last >= given else []
