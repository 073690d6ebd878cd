"""Finds out where different rules are needed: one result for all calls, or one for each value of a flag, a rank, ….

Rules that describe all calls so far may differ on others. Calls on which they differ are run until one rule is left, or
no such call is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torchdraft._synthesis.experiments.calls import Call
from torchdraft._synthesis.experiments.changes import Structure, structure
from torchdraft._synthesis.experiments.explore import Explorer
from torchdraft._synthesis.experiments.operator import Operator

from .fit_outputs import NotLearned, Seen, fit_result
from .outputs import Result, TensorRule
from .terms import terms

MOST_PROPOSALS = 150
MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """The result of all calls of some structures."""

    structures: tuple[Structure, ...]
    result: Result | None
    """None where it was not learned."""
    reason: str = ""
    fixed: tuple[tuple[str, int], ...] = ()
    """Integer arguments that had one value in all calls: the rules may depend on them."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The results of an operator. The cases differ in the arguments `by`, and one case needs none."""

    cases: tuple[Case, ...]
    by: tuple[int, ...] = ()
    nonempty: tuple[tuple[str, int], ...] = ()
    """Dimensions that must not be 0: the argument (with `[]` for each tensor of a list), and the dimension."""
    foreign: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Dtypes that were left out: arguments, each with a kind of dtypes, that occur together."""

    @property
    def complete(self) -> bool:
        """Whether every case has a result."""
        return all(case.result is not None for case in self.cases)


@dataclass(slots=True)
class Learner:
    """Learns results from what an explorer found, and asks it for more calls."""

    operator: Operator
    explorer: Explorer
    known: dict[tuple[object, ...], Case] = field(default_factory=dict)

    def learn(self) -> Learned:
        """The cases that describe all calls."""
        structures = tuple(self.explorer.families)
        if len(structures) > 1:
            if (joint := self._case(structures, deep=False)) is not None and joint.result is not None:
                return Learned((joint,))
            for by in _splits(structures):
                cases = self._exact_cases(_parted(structures, by))
                if cases is not None:
                    return Learned(cases, by)
            if (joint := self._case(structures, deep=True)).result is not None and _exact(joint):
                return Learned((joint,))
        by = _varying(structures)
        return Learned(tuple(self._case((each,), deep=True) for each in structures), by)

    def _exact_cases(self, parts: Sequence[tuple[Structure, ...]]) -> tuple[Case, ...] | None:
        """One case for each part, or None as soon as one is not exact."""
        cases = []
        for part in parts:
            case = self._case(part, deep=len(part) == 1)
            if not _exact(case):
                return None
            cases.append(case)
        return tuple(cases)

    @staticmethod
    def owns(case: Case, call: Call) -> bool:
        """Whether a call belongs to a case."""
        return structure(call) in case.structures

    def _case(self, structures: tuple[Structure, ...], *, deep: bool) -> Case:
        """The case of some structures, learned once from the same calls."""
        key = (structures, deep, sum(self.explorer.counts[each] for each in structures))
        if key not in self.known:
            self.known[key] = self._learned_case(structures, deep)
        return self.known[key]

    def _learned_case(self, structures: tuple[Structure, ...], deep: bool) -> Case:
        try:
            result = self._separated(structures, deep)
        except NotLearned as error:
            return Case(structures, None, str(error))
        return Case(structures, result, fixed=tuple(self._fixed(structures)))

    def _separated(self, structures: tuple[Structure, ...], deep: bool) -> Result:
        for _ in range(MOST_ROUNDS):
            result, rivals = fit_result(self._seen(structures, deep))
            found = [call for call in self._separating(structures, result, rivals) if self.explorer.run(call)]
            if not found:
                break
        return result

    def _fixed(self, structures: Sequence[Structure]) -> Iterator[tuple[str, int]]:
        numbers: dict[str, set[int]] = {}
        for call in self.explorer.trials:
            if structure(call) in structures:
                for code, number in terms(self.operator, call).items():
                    numbers.setdefault(code, set()).add(number)
        for code, values in numbers.items():
            if len(values) == 1 and code.partition("[")[0] in self.operator.parameters and ".shape[" not in code:
                yield code, values.pop()

    def _seen(self, structures: Sequence[Structure], deep: bool) -> Seen:
        wanted = set(structures)
        trials = {c: o for c, o in self.explorer.trials.items() if structure(c) in wanted and not c.empty}
        pairs = [(a, b) for a, b in self.explorer.pairs if a in trials and b in trials]
        repeats = [(a, b) for a, b in self.explorer.repeats if a in trials and b in trials]
        floats = [(a, b) for a, b in self.explorer.floats if a in trials and b in trials]
        return Seen(self.operator, trials, pairs, repeats, floats, deep)

    def _separating(self, structures: Sequence[Structure], result: Result, rivals: list[Result]) -> Iterator[Call]:
        """Calls for which the rules predict different shapes."""
        if not rivals:
            return
        count = 0
        for key in structures:
            for _ in range(MOST_PROPOSALS):
                call = self.explorer.propose(self.explorer.families[key])
                if call in self.explorer.trials or call in self.explorer.rejected:
                    continue
                if any(self._differ(result, rival, call) for rival in rivals):
                    count += 1
                    yield call
                if count >= 12:
                    return

    def _differ(self, result: Result, rival: Result, call: Call) -> bool:
        for left, right in zip(result.outputs, rival.outputs, strict=True):
            if isinstance(left, TensorRule) and isinstance(right, TensorRule):
                one, other = (rule.shape.predict(self.operator, call) for rule in (left, right))
                if one != other:
                    return True
        return False


def _exact(case: Case) -> bool:
    return case.result is not None and case.result.exact


def _varying(structures: Sequence[Structure]) -> tuple[int, ...]:
    """The arguments in which structures differ."""
    return tuple(i for i, parts in enumerate(zip(*structures, strict=True)) if len(set(parts)) > 1)


def _splits(structures: Sequence[Structure]) -> Iterator[tuple[int, ...]]:
    """The arguments to tell cases apart by, one or two of them; those with few values first."""
    varying = _varying(structures)
    order = sorted(varying, key=lambda i: (_is_rank(structures, i), len({s[i] for s in structures})))
    yield from ((i,) for i in order)
    yield from ((i, j) for n, i in enumerate(order) for j in order[n + 1 :])


def _is_rank(structures: Sequence[Structure], argument: int) -> bool:
    return any(isinstance(s[argument], tuple) for s in structures)


def _parted(structures: Sequence[Structure], by: tuple[int, ...]) -> list[tuple[Structure, ...]]:
    parts: dict[tuple[object, ...], list[Structure]] = {}
    for each in structures:
        parts.setdefault(tuple(each[i] for i in by), []).append(each)
    return [tuple(part) for part in parts.values()]
