"""Checks one program: there is a graph, it is right on the example, it matches or raises on other inputs, and the draft
leaves no changed state.
"""

from __future__ import annotations

import io
import re
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from benchmarks.compare import difference, walk

from .leftovers import Snapshot
from .program import Inputs, Loaded, Program, Refused, seed_everything

Exporter = Callable[..., torch.export.ExportedProgram]

OTHER_INPUTS = 5
ROUND_TRIP_EVERY = 10
SEED = 1234


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise."""

    kind: str
    """One of `summary.KINDS`."""
    detail: str
    signature: str
    """The text that findings of the same cause share."""


@dataclass(slots=True)
class Verdict:
    """The result for one program."""

    name: str
    features: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    discarded: str | None = None
    matched: int = 0
    loud: int = 0
    excused: int = 0
    """Mismatches that an issue of severity `baked` announces."""
    skipped: int = 0
    """Other inputs on which eager raises."""
    rung: str | None = None
    baked: bool = False
    export_seconds: float = 0.0
    seconds: float = 0.0

    def add(self, kind: str, detail: str, signature: str | None = None) -> None:
        """Adds a broken promise."""
        self.findings.append(Finding(kind, detail, f"{kind}: {signature or blurred(detail)}"))

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Verdict:
        """The verdict from plain data."""
        findings = [Finding(**finding) for finding in data.pop("findings")]
        return cls(**{**data, "features": tuple(data["features"])}, findings=findings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a call, and its inputs and buffers after the call."""

    result: object
    inputs: object
    buffers: dict[str, torch.Tensor]


def check(program: Program, exporter: Exporter, round_trip: bool = False) -> Verdict:
    """Drafts the program and compares it with eager on its example and on other inputs."""
    started = time.perf_counter()
    verdict = Verdict(program.name, program.features)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with program.loaded() as loaded:
                check_loaded(loaded, exporter, verdict, round_trip)
        except Refused as refusal:
            verdict.discarded = str(refusal)
    verdict.seconds = time.perf_counter() - started
    return verdict


def check_loaded(loaded: Loaded, exporter: Exporter, verdict: Verdict, round_trip: bool) -> None:
    """The check of an imported program."""
    expected = eager_twice(loaded)
    exported = draft(loaded, exporter, verdict)
    if exported is None:
        return
    report = getattr(exported, "_report", None)
    verdict.rung = str(getattr(report, "rung", "")) or None
    issues: Iterable[Any] = getattr(report, "issues", None) or ()
    verdict.baked = any(str(getattr(i.severity, "value", i.severity)) == "baked" for i in issues)
    try:
        replay = Replay(exported.module())
    except Exception as error:
        verdict.add("unusable", described(error), located(error))
        return
    try:
        actual = replay.run(loaded.inputs())
    except Exception as error:
        verdict.add("wrong on example", described(error), located(error))
        return
    if (found := compare_on_example(expected, actual, verdict)) is not None:
        verdict.add("wrong on example", found)
    check_other_inputs(loaded, replay, verdict)
    if round_trip:
        replay.restore()  # the program shares its buffers with the module made from it
        check_round_trip(loaded, exported, expected, verdict)


def eager_twice(loaded: Loaded) -> Outcome:
    """Runs eager on the example. Refuses programs that raise or differ between two runs."""
    try:
        first = Replay(loaded.build()).run(loaded.inputs())
        second = Replay(loaded.build()).run(loaded.inputs())
    except Exception as error:
        raise Refused(described(error)) from error
    loaded.namespace.CACHE.clear()
    if (found := compare_outcomes(first, second)) is not None:
        raise Refused(f"differs from run to run: {found}")
    return first


def draft(loaded: Loaded, exporter: Exporter, verdict: Verdict) -> torch.export.ExportedProgram | None:
    """The exported program, or None. Checks for changed state in both cases."""
    module, inputs = loaded.build(), loaded.inputs()
    seed_everything(SEED)
    before = Snapshot.take(module, inputs, loaded.namespace)
    exported = None
    started = time.perf_counter()
    try:
        exported = exporter(module, *inputs, dynamic_shapes=loaded.dynamic_shapes)
    except Exception as error:
        verdict.add("no graph", described(error), located(error))
    verdict.export_seconds = time.perf_counter() - started
    for leftover in before.leftovers():
        verdict.add("leftover", leftover)
    return exported


def check_other_inputs(loaded: Loaded, replay: Replay, verdict: Verdict) -> None:
    """Replays on other inputs. The last call starts from the state that the previous one left."""
    twin: Replay | None = None
    choices = loaded.alternatives(OTHER_INPUTS)
    for number, choice in enumerate(choices):
        carried = number == len(choices) - 1 and twin is not None
        if not carried or twin is None:
            twin = Replay(loaded.build())
            replay.restore()
        try:
            expected = twin.run(loaded.inputs(**choice))
        except Exception as error:
            after_eager_failed(error, replay, loaded.inputs(**choice), verdict)
            twin = None
            continue
        try:
            actual = replay.run(loaded.inputs(**choice))
        except Exception:
            verdict.loud += 1
            twin = None
            continue
        note_comparison(compare_outcomes(expected, actual), choice, carried, verdict)


def note_comparison(found: str | None, choice: dict[str, int | bool], carried: bool, verdict: Verdict) -> None:
    """Counts a replay that does not raise."""
    if found is None:
        verdict.matched += 1
    elif verdict.baked:
        verdict.excused += 1
    else:
        where = f"inputs({', '.join(f'{k}={v}' for k, v in choice.items())})" + (" as a second call" if carried else "")
        verdict.add("silent mismatch", f"{where}: {found}", blurred(found))


def after_eager_failed(error: Exception, replay: Replay, inputs: Inputs, verdict: Verdict) -> None:
    """If the model rejects an input, the program must reject it as well."""
    verdict.skipped += 1
    raised_by_program = isinstance(error, AssertionError) or "too large" in str(error)
    if verdict.baked or not raised_by_program:
        return
    try:
        replay.run(inputs)
    except Exception:
        return
    verdict.add("lost assertion", f"eager raises {described(error)}, the program does not")


def check_round_trip(
    loaded: Loaded, exported: torch.export.ExportedProgram, expected: Outcome, verdict: Verdict
) -> None:
    """The program still works after torch.export.save and load."""
    buffer = io.BytesIO()
    try:
        torch.export.save(exported, buffer)
        buffer.seek(0)
        replay = Replay(torch.export.load(buffer).module())
        actual = replay.run(loaded.inputs())
    except Exception as error:
        verdict.add("round trip", described(error), located(error))
        return
    if (found := compare_on_example(expected, actual, verdict)) is not None:
        verdict.add("round trip", found)


class Replay:
    """A module that is called repeatedly and whose state can be restored."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.state = {name: tensor.detach().clone() for name, tensor in state_of(module).items()}
        self.plain = [(child, name, value) for child in module.modules() for name, value in plain_attributes(child)]

    def restore(self) -> None:
        """Restores all tensors that the module holds, and numbers, texts and None in its attributes."""
        for child, name, value in self.plain:
            if vars(child).get(name) is not value:
                vars(child)[name] = value
        for name, tensor in state_of(self.module).items():
            if name in self.state and tensor.shape == self.state[name].shape:
                tensor.detach().copy_(self.state[name])

    def run(self, inputs: Inputs) -> Outcome:
        """Calls the module under a fixed random seed."""
        seed_everything(SEED)
        args, kwargs = inputs
        result = self.module(*args, **kwargs)
        return Outcome(result, inputs, {name: b.detach().clone() for name, b in self.module.named_buffers()})


def state_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Parameters, buffers, and the tensors in other attributes, by name."""
    held = {
        f"{path}.{name}.{place}": leaf
        for path, child in module.named_modules()
        for name, value in vars(child).items()
        if not name.startswith("_")
        for place, leaf in walk(value, "", loose=True)
        if isinstance(leaf, torch.Tensor)
    }
    return {**dict(module.named_parameters()), **dict(module.named_buffers()), **held}


def plain_attributes(module: torch.nn.Module) -> list[tuple[str, object]]:
    """Attributes of the module that are no tensors, modules or containers."""
    kinds = (int, float, str, type(None))
    return [(name, value) for name, value in vars(module).items() if isinstance(value, kinds) and name[0] != "_"]


def compare_on_example(expected: Outcome, actual: Outcome, verdict: Verdict) -> str | None:
    """The first difference that is an error. Results must be right. The state after the call must be right unless an
    issue of severity `baked` announces the difference (a program cannot change the dtype of a buffer).
    """
    if (found := compare_results(expected, actual)) is not None:
        return found
    found = compare_state(expected, actual)
    if found is not None and verdict.baked:
        verdict.excused += 1
        return None
    return found


def compare_outcomes(expected: Outcome, actual: Outcome) -> str | None:
    """The first difference in results, written inputs or buffers, in words."""
    return compare_results(expected, actual) or compare_state(expected, actual)


def compare_results(expected: Outcome, actual: Outcome) -> str | None:
    """The first difference between the results."""
    found = difference(expected.result, actual.result)
    return None if found is None else f"result {found}"


def compare_state(expected: Outcome, actual: Outcome) -> str | None:
    """The first difference in the inputs and buffers after the calls."""
    if (found := difference(expected.inputs, actual.inputs)) is not None:
        return f"inputs after the call {found}"
    for name, buffer in expected.buffers.items():
        if name in actual.buffers and (found := difference(buffer, actual.buffers[name])) is not None:
            return f"buffer {name} after the call {found}"
    return None


def described(error: BaseException) -> str:
    """An exception as one line."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"


def located(error: BaseException) -> str:
    """An exception and the innermost library line in its traceback."""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if "site-packages" in f.filename or "/src/" in f.filename
    ]
    where = f" at {'/'.join(frames[-1].filename.split('/')[-2:])}:{frames[-1].lineno}" if frames else ""
    return blurred(described(error)) + where


def blurred(text: str) -> str:
    """`text` without names and numbers, which differ between findings of the same cause."""
    text = re.sub(r"\[[^\]]*\]|inputs\([^)]*\)", "", text)
    text = re.sub(r"\([\d, ]*\)", "(…)", text)
    return re.sub(r"\b[a-z]*\d[\d.e+-]*\b", "#", text)[:120]
