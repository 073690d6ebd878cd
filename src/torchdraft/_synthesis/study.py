"""The work on one operator: experiments, rules, source, tests."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from .domain import changed_dtypes, domain_of, empty_dimensions
from .existing import CHECK_SECONDS, compared, existing_kernel
from .experiments.calls import Call, Material, shown
from .experiments.explore import Budget, Explorer
from .experiments.operator import Operator
from .experiments.worker import Crashed, Experiments, Worker
from .kernels.compare import compiled
from .kernels.describe import docstring, open_sizes
from .kernels.prove import Checks, same_constants
from .kernels.write import source
from .learning.cases import Learned, Learner
from .synthesized import SynthesisError, SynthesizedKernel

HELD_OUT = 30
ROUNDS = 4


class Study:
    """The work on one operator."""

    def __init__(self, operator: Operator, material: Material, worker: Worker, seconds: float, seed: int) -> None:
        self.operator = operator
        self.worker = worker
        self.explorer = Explorer(Experiments(worker), Budget(seconds), random.Random(seed))
        self.material = material

    def kernel(self, calls: list[Call], *, all_given: bool) -> SynthesizedKernel:
        """The kernel that describes the calls and their variations."""
        calls = self._accepted(calls, all_given)
        self.explorer.explore(calls)
        learned, held_out = self._learned()
        if all(case.result is None for case in learned.cases):
            raise SynthesisError(f"no fake kernel of {self.operator.name} was found: {learned.cases[0].reason}")
        existing, counterexample = existing_kernel(self.operator, self.worker, self.explorer.trials, calls)
        return self._written(learned, held_out, calls, existing, counterexample)

    def _accepted(self, calls: list[Call], all_given: bool) -> list[Call]:
        """The given calls, all of which have to run; of calls that were made up, the first two that do."""
        accepted = []
        for call in calls:
            found = self.explorer.run(call)
            if found is not None:
                accepted.append(found)
            elif all_given:
                raise SynthesisError(
                    f"{self.operator.name} rejects a given call, {shown(self.operator, call)}: "
                    f"{self.explorer.rejected[call]}"
                )
            if not all_given and len(accepted) == 2:
                break
        if not accepted:
            error = next(iter(self.explorer.rejected.values()), "there was none")
            raise SynthesisError(
                f"{self.operator.name} rejects the {len(calls)} calls that were made up from its schema (the first: "
                f"{error}); pass calls=[(…)] with arguments that it accepts"
            )
        return accepted

    def _learned(self) -> tuple[Learned, list[Call]]:
        """The rules, learned again from each call that refutes them, and the calls that they were then tested on."""
        learner = Learner(self.operator, self.explorer)
        for _ in range(ROUNDS):
            learned = learner.learn()
            held_out = self._held_out()
            wrong = [call for call in held_out if not self._describes(learned, call)]
            if not wrong:
                return self._with_domain(learned), held_out
        cases = tuple(
            replace(case, result=None, reason="the rules were refuted by other calls")
            if any(learner.owns(case, call) for call in wrong)
            else case
            for case in learned.cases
        )
        return self._with_domain(replace(learned, cases=cases)), held_out

    def _held_out(self) -> list[Call]:
        before = set(self.explorer.trials)
        families = list(self.explorer.families.values())
        count = max(HELD_OUT // len(families), 6)
        for family in families:
            self.explorer.sample(family, count, always=True)
        return [call for call in self.explorer.trials if call not in before and not call.empty]

    def _describes(self, learned: Learned, call: Call) -> bool:
        seen = self.explorer.trials[call]
        for case in learned.cases:
            if Learner.owns(case, call):
                return case.result is None or case.result.agrees(self.operator, call, seen.outputs, seen.single)
        return True

    def _with_domain(self, learned: Learned) -> Learned:
        """The rules, limited to tensors with elements where they are wrong for empty ones."""
        wrong = [c for c in self.explorer.trials if c.empty and not self._describes(learned, c)]
        foreign = dict.fromkeys(changed_dtypes(self.operator, *pair) for pair in self.explorer.foreign)
        return replace(learned, nonempty=empty_dimensions(self.operator, wrong), foreign=tuple(filter(None, foreign)))

    def _written(
        self, learned: Learned, held_out: list[Call], calls: list[Call], existing: str, counterexample: str
    ) -> SynthesizedKernel:
        override = existing != "missing"
        bare = source(self.operator, learned, "", override=override)
        inside = [call for call in held_out if self._inside(learned, call)][:40]
        wrong = compared(self.worker, [*calls, *inside], bare)
        checks = self._checks(calls, bare, held_out)
        failures = [f"{shown(self.operator, [*calls, *inside][i])}: {text}" for i, text in wrong[:3]] + checks.failed
        domain = domain_of(self.operator, learned)
        if sharing := sorted(self.explorer.sharing, key=Call.weight):
            call = shown(self.operator, sharing[0])
            domain.append(f"outputs with memory of their own; that of {call} is an argument's, against the schema")
        sizes = open_sizes(self.operator, learned, self.explorer.trials)
        tested = [f"{len(inside)} other calls"] if inside and not wrong else []
        tested += ["dynamic shapes under torch.export"] if checks.export == "ok" else []
        tested += ["torch.library.opcheck"] if checks.opcheck and all(r == "ok" for _, r in checks.opcheck) else []
        note = docstring(self.operator, calls, len(self.explorer.trials), tested, domain, sizes)
        results = [case.result for case in learned.cases if case.result is not None]
        final = source(self.operator, learned, note, override=override)
        return SynthesizedKernel(
            op=self.operator.name,
            source=final,
            exact=learned.complete and all(r.exact for r in results) and not failures,
            data_dependent=any(r.data_dependent for r in results),
            domain=tuple(domain),
            open_sizes=tuple(sizes),
            calls=tuple(shown(self.operator, call) for call in calls),
            runs=self.explorer.experiments.runs,
            crashes=self.worker.crashes,
            failures=tuple(failures),
            checks=(
                ("other calls", f"{len(inside)} calls: {'ok' if not wrong else wrong[0][1]}"),
                ("torch.export", checks.export),
                *(("opcheck, " + name, text) for name, text in checks.opcheck),
            ),
            existing=existing,
            counterexample=counterexample,
            kernel=compiled(final),
            unchecked=compiled(source(self.operator, replace(learned, nonempty=()), "", override=override)),
        )

    def _inside(self, learned: Learned, call: Call) -> bool:
        """Whether the kernel does not raise for a call, by its domain."""
        results = [case.result for case in learned.cases if Learner.owns(case, call)]
        contiguous = not any(t.order or t.gaps for t in call.tensors())
        return (
            bool(results)
            and results[0] is not None
            and (contiguous or not any(rule.layout.only_contiguous for rule in results[0].tensors()))
        )

    def _checks(self, calls: list[Call], text: str, held_out: list[Call]) -> Checks:
        first = self._export_call(calls[0])
        others = [
            call for call in self.explorer.trials if call != first and not call.empty and same_constants(first, call)
        ]
        others += [call for call in held_out if same_constants(first, call)]
        return Checks(
            self._asked(("export", [first, *others[:12]], text)),
            self._asked(("opcheck", calls[0], text)),
        )

    def _export_call(self, given: Call) -> Call:
        """A call like the given one with different sizes, none of them 0 or 1, which torch.export fixes."""
        alike = [c for c in self.explorer.trials if same_constants(given, c) and not c.empty]

        def different(call: Call) -> tuple[int, ...]:
            sizes = [size for tensor in call.tensors() for size in tensor.shape]
            return (sum(size > 1 for size in sizes), len(set(sizes)), -sum(sizes))

        return max(alike, key=different, default=given)

    def _asked(self, request: Any) -> Any:
        try:
            return self.worker.ask(request, CHECK_SECONDS)
        except Crashed as error:
            return f"crash: {error}" if request[0] == "export" else (("opcheck", f"crash: {error}"),)
