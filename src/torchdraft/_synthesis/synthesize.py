"""Writes the fake kernel of an operator: experiments, rules, source, tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from torchdraft._torch.library import has_written_fake, needs_no_fake_kernel

from .experiments.calls import Call, Material, shown
from .experiments.changes import addresses, read, write
from .experiments.explore import Budget, Explorer
from .experiments.operator import Operator, find_operator
from .experiments.worker import Crashed, Experiments, Limits, LocalWorker, Worker, run_call
from .gather import calls_of_profiles, invented
from .kernels.compare import compiled, mismatches
from .kernels.describe import docstring, open_sizes
from .kernels.prove import Checks, check_export, run_opcheck, same_constants
from .kernels.write import source
from .learning.cases import Case, Learned, Learner

HELD_OUT = 30
ROUNDS = 4
MOST_SHRINKS = 20
CHECK_SECONDS = 60.0


class SynthesisError(ValueError):
    """No fake kernel can be written: the operator cannot be run, or what it returns follows no rule that was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizedKernel:
    """A fake kernel, with what is known about it. `str()` is the source."""

    op: str
    """`namespace::name`."""
    source: str
    """Python code that registers the kernel. It needs `import torch`, and the operator to be defined before."""
    exact: bool
    """Whether each size follows from the inputs, or was seen to depend on data. False if a relation was not found, if
    some structure of calls was not learned, or if a test failed."""
    data_dependent: bool
    """Whether a size or number depends on data, so that the kernel makes an unbacked symbol for it."""
    domain: tuple[str, ...] = ()
    """Where the kernel holds, beside the observed ranks and options. It raises elsewhere."""
    open_sizes: tuple[str, ...] = ()
    """The sizes that the kernel leaves open, and the ranges that were seen."""
    calls: tuple[str, ...] = ()
    """The given calls."""
    runs: int = 0
    """How many calls of the real kernel were made."""
    crashes: int = 0
    """How many of them ended the process, or exceeded their time."""
    failures: tuple[str, ...] = ()
    """The tests that the kernel fails."""
    checks: tuple[tuple[str, str], ...] = ()
    """Each test, and its outcome."""
    existing: str = "missing"
    """The fake kernel that the operator has: `missing`, `right` on all calls, or `wrong`."""
    counterexample: str = ""
    """The smallest call on which the existing kernel is wrong, and what differs."""
    kernel: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    """The function, not registered."""

    def __str__(self) -> str:
        return self.source

    def register(self, *, lib: Any = None) -> None:
        """Registers the kernel in this process, in place of an existing one. `lib` limits its life, as in torch."""
        torch.library.register_fake(self.op, self.kernel, lib=lib, allow_override=True)


def synthesize_fake_kernel(
    op: Any,
    calls: Sequence[Any] | None = None,
    *,
    profiles: Iterable[Any] | None = None,
    mutable: bool = False,
    isolated: bool = True,
    seconds: float = 20.0,
    call_seconds: float = 5.0,
    memory: int = 2 << 30,
    seed: int = 0,
) -> SynthesizedKernel:
    """Writes a fake kernel for an operator, learned from runs of its real kernel.

    The real kernel is run a few hundred times, in a forked process that may crash, on variations of the given calls:
    other sizes, numbers, ranks, flags, dtypes, layouts and data. Each size of each output becomes an expression of the
    inputs' sizes and numbers, or an unbacked symbol where it depends on data. The kernel is tested on calls that it was
    not learned from, with dynamic shapes under `torch.export`, and with `torch.library.opcheck`.

        kernel = torchdraft.synthesize_fake_kernel(torch.ops.mylib.foo, [(torch.ones(3, 4), 2)])
        print(kernel)

    Args:
        op: the operator: `torch.ops.mylib.foo`, an overload of it, a `torch.library.custom_op`, or `"mylib::foo"`.
        calls: calls that the operator accepts: each a tuple of its arguments, or a pair of a tuple and a dict of
            keyword arguments. By default calls are made up from the schema.
        profiles: operator profiles whose ranks and dtypes the calls that are made up have, if `calls` is None.
        mutable: run the operator although it writes to its arguments or has side effects.
        isolated: run the operator in a forked process. Needed off for operators on an accelerator.
        seconds: about how long to experiment.
        call_seconds: the limit of one call; a call that takes longer counts as one that the operator rejects.
        memory: the bytes that one call may allocate.
        seed: the seed of the variations.

    Raises:
        TypeError: `op` is no operator, or a call does not fit its schema.
        ValueError: there is no such operator, or it needs no fake kernel.
        SynthesisError: the operator rejects all calls, or what it returns follows no rule that was found.

    """
    operator = find_operator(op)
    _check(operator, mutable)
    material = Material()
    given = [material.describe(operator.bind(*_arguments(call))) for call in calls or ()]
    if calls is not None and not given:
        raise SynthesisError("calls is empty; expected at least one call, or None to make them up from the schema")
    _check_devices(material, isolated)
    kind = Worker if isolated else LocalWorker
    with kind(_server(operator, material), Limits(call_seconds, memory)) as worker:
        study = Study(operator, material, worker, seconds, seed)
        made_up = calls_of_profiles(operator, profiles) if profiles else invented(operator)
        return study.kernel(given or list(made_up), all_given=bool(given))


def _check(operator: Operator, mutable: bool) -> None:
    if needs_no_fake_kernel(operator.overload):
        raise ValueError(
            f"{operator.name} needs no fake kernel: it decomposes into other operators, or returns nothing that it has "
            "not been given"
        )
    if not mutable and (operator.mutates or operator.has_effects):
        what = "writes to its arguments" if operator.mutates else "has side effects"
        raise SynthesisError(
            f"{operator.name} {what}, so it is not run on its own account; pass mutable=True (--mutable) to run it"
        )


def _check_devices(material: Material, isolated: bool) -> None:
    devices = sorted({tensor.device.type for tensor in material.tensors} - {"cpu", "meta"})
    if isolated and devices:
        raise SynthesisError(
            f"a tensor is on {devices[0]}, which a forked process cannot use; pass isolated=False, or CPU tensors"
        )


def _arguments(call: Any) -> tuple[Sequence[Any], dict[str, Any]]:
    if not isinstance(call, (tuple, list)):
        raise TypeError(f"a call is a tuple of arguments, such as (x, 2); got {type(call).__name__}")
    if len(call) == 2 and isinstance(call[0], tuple) and isinstance(call[1], dict):
        return call[0], call[1]
    return call, {}


def _server(operator: Operator, material: Material) -> Callable[[Any], Any]:
    def serve(request: Any) -> Any:
        what, *rest = request
        if what == "call":
            return run_call(operator, material, *rest)
        if what == "compare":
            return mismatches(operator, material, *rest)
        if what == "export":
            return check_export(operator, material, *rest)
        return run_opcheck(operator, material, *rest)

    return serve


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
        existing, counterexample = self._existing(calls)
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
        foreign = dict.fromkeys(_changed_dtypes(self.operator, *pair) for pair in self.explorer.foreign)
        return replace(learned, nonempty=_empty_dimensions(self.operator, wrong), foreign=tuple(filter(None, foreign)))

    def _existing(self, calls: Sequence[Call]) -> tuple[str, str]:
        """Whether the operator has a fake kernel, and the smallest call on which it is wrong."""
        if not has_written_fake(self.operator.overload):
            return "missing", ""
        usual = {(tensor.dtype, tensor.order, tensor.gaps) for call in calls for tensor in call.tensors()}

        def order(call: Call) -> tuple[Any, ...]:
            """Calls with the given dtypes and layouts first."""
            unusual = sum((tensor.dtype, tensor.order, tensor.gaps) not in usual for tensor in call.tensors())
            return unusual > 0, call.weight()

        trials = sorted(self.explorer.trials, key=order)
        step = max(1, len(trials) // 150)
        tried = sorted(dict.fromkeys([*calls, *trials[:60], *trials[60::step]]), key=order)
        found = self._compared(tried, "")
        if not found:
            return "right", ""
        index, text = found[0]
        call, text = self._shrunk(tried[index], text)
        return "wrong", f"{shown(self.operator, call)}: {text}"

    def _shrunk(self, call: Call, text: str) -> tuple[Call, str]:
        """A smaller call on which the existing kernel is wrong, and what differs."""
        for _ in range(MOST_SHRINKS):
            smaller = sorted(dict.fromkeys(_smaller(call)), key=Call.weight)
            found = self._compared(smaller, "")
            if not found:
                break
            index, text = found[0]
            call = smaller[index]
        return call, text

    def _compared(self, calls: Sequence[Call], text: str) -> list[tuple[int, str]]:
        try:
            found: list[tuple[int, str]] = self.worker.ask(("compare", list(calls), text), CHECK_SECONDS)
        except Crashed as error:
            return [(0, str(error))]
        return found

    def _written(
        self, learned: Learned, held_out: list[Call], calls: list[Call], existing: str, counterexample: str
    ) -> SynthesizedKernel:
        override = existing != "missing"
        bare = source(self.operator, learned, "", override=override)
        inside = [call for call in held_out if self._inside(learned, call)][:40]
        wrong = self._compared([*calls, *inside], bare)
        checks = self._checks(calls, bare, held_out)
        failures = [f"{shown(self.operator, [*calls, *inside][i])}: {text}" for i, text in wrong[:3]] + checks.failed
        domain = _domain(self.operator, learned)
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


def _smaller(call: Call) -> Iterator[Call]:
    """Calls with a smaller number in one place, or in all places that have equal numbers."""
    places = list(addresses(call))
    for place in places:
        number = read(call, place)
        alike = [other for other in places if read(call, other) == number]
        for less in {1, number // 2, number - 1}:
            if 1 <= less < number:
                yield write(call, {place: less})
                yield write(call, dict.fromkeys(alike, less))


def _empty_dimensions(operator: Operator, calls: Sequence[Call]) -> tuple[tuple[str, int], ...]:
    """The dimensions that are 0 in calls: argument, and index."""
    found: dict[tuple[str, int], None] = {}
    for call in calls:
        for name, value in zip(operator.parameters, call.values, strict=True):
            for tensor in Call((value,)).tensors():
                in_list = isinstance(value, tuple)
                for dim, size in enumerate(tensor.shape):
                    if size == 0:
                        found[(name + ("[]" if in_list else ""), dim - len(tensor.shape))] = None
    return tuple(found)


def _changed_dtypes(operator: Operator, before: Call, after: Call) -> tuple[tuple[str, str], ...]:
    """The arguments whose kind of dtype differs between two calls, each with the second one."""
    found = []
    for name, one, other in zip(operator.parameters, before.values, after.values, strict=True):
        for left, right in zip(Call((one,)).tensors(), Call((other,)).tensors(), strict=True):
            if dtype_kind(left.dtype) != dtype_kind(right.dtype):
                found.append((f"{name}[0]" if isinstance(one, tuple) else name, dtype_kind(right.dtype)))
    return tuple(dict.fromkeys(found))


def dtype_kind(dtype: torch.dtype) -> str:
    """The kind of a dtype, by the names that kernels test for."""
    if dtype is torch.bool:
        return "bool"
    return "complex" if dtype.is_complex else "float" if dtype.is_floating_point else "int"


def _domain(operator: Operator, learned: Learned) -> list[str]:
    found = [f"dimension {dim} of {name.removesuffix('[]')} is not 0" for name, dim in learned.nonempty]
    found += ["not " + " and ".join(f"{kind} {name}" for name, kind in row) for row in learned.foreign]
    if any("object" in each for case in learned.cases for each in case.structures):
        found.append("the objects of the given calls: no others were tried")
    results = [case.result for case in learned.cases if case.result is not None]
    if any(rule.layout.only_contiguous for result in results for rule in result.tensors()):
        found.append("contiguous tensors: the strides for others follow no rule that was found")
    found += [f"not {_named(operator, case)}: {case.reason}" for case in learned.cases if case.result is None]
    return found


def _named(operator: Operator, case: Case) -> str:
    parts = []
    for name, kind in zip(operator.parameters, case.structures[0], strict=True):
        if isinstance(kind, tuple) and kind[0] == "rank":
            parts.append(f"{name} of rank {kind[1]}")
        elif isinstance(kind, bool) or kind is None:
            parts.append(f"{name}={kind}")
    return ", ".join(parts) or "these calls"
