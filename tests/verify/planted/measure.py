"""Plants errors, searches witnesses, runs `verify`, and counts the results."""

from __future__ import annotations

import contextlib
import copy
import io
import random
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

import torchdraft
from tests.fuzz import planted
from tests.fuzz.generate import generate
from tests.fuzz.program import Loaded, Refused
from torchdraft import Severity

from .graph import copied, values_on_example
from .plantings import PLANTINGS
from .witness import witness

EXPORTERS: dict[str, Callable[..., planted.Pretended]] = {
    "exporter: bakes": planted.bakes,
    "exporter: drops writes": planted.drops_writes,
    "exporter: forgets state": planted.forgets_state,
}
"""The wrong exporters of the fuzzer that return a program that is silently wrong."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The result for one planted error."""

    program: str
    kind: str
    change: str
    witness: str | None
    """The input and the difference that the independent search found, or None."""
    caught: bool
    """True if `verify` found the error."""


@dataclass(slots=True)
class Measured:
    """The results of a run."""

    drafted: int = 0
    planted: list[Planted] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    """Programs without a planting that `verify` finds wrong."""
    confirmed: Counter[bool] = field(default_factory=Counter)
    """Counts, for these, whether the independent search finds them wrong too."""
    seconds: float = 0.0
    inputs: int = 0

    @property
    def missed(self) -> list[Planted]:
        """Wrong programs that `verify` accepted."""
        return [each for each in self.planted if each.witness is not None and not each.caught]

    def table(self) -> Iterator[str]:
        """The number of found and planted errors per kind."""
        yield f"{'planting':28} caught / wrong   also caught, without a witness"
        for kind in (*PLANTINGS, *EXPORTERS):
            of_kind = [each for each in self.planted if each.kind == kind]
            wrong = [each for each in of_kind if each.witness is not None]
            others = [each for each in of_kind if each.witness is None]
            caught = sum(each.caught for each in wrong)
            yield f"{kind:28} {caught:6} / {len(wrong):<6} {sum(each.caught for each in others):6} of {len(others)}"
        wrong = [each for each in self.planted if each.witness is not None]
        yield f"{'all':28} {sum(each.caught for each in wrong):6} / {len(wrong):<6}"
        yield (
            f"{self.drafted} programs as drafted: {len(self.alarms)} found wrong, "
            f"{self.confirmed[True]} of them by the independent search too"
        )
        yield f"{self.inputs} inputs in {self.seconds:.1f} s of verification"


def measure(
    n: int, seed: int, count: int, first: int = 0, progress: Callable[[int], None] = lambda _done: None
) -> Measured:
    """Measures programs `first` to `first + n - 1` of a seed with every applicable planting and `count` inputs each."""
    measured = Measured()
    for index in range(first, first + n):
        # A graph module prints the line that raises, and many raise on purpose.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            try:
                with generate(seed, index).loaded() as loaded:
                    measure_one(loaded, index, count, measured)
            except Refused:
                continue
        progress(index - first + 1)
    return measured


def measure_one(loaded: Loaded, index: int, count: int, measured: Measured) -> None:
    """Measures one program, as drafted and with each planting. Skips programs with an issue of severity `baked`."""
    model, (args, kwargs) = loaded.build(), loaded.inputs()
    try:
        loaded.build()(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        program = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=loaded.dynamic_shapes)
        values = values_on_example(program)
    except Exception:
        return
    if any(issue.severity is Severity.BAKED for issue in program._report.issues):
        return
    measured.drafted += 1
    if caught(loaded, program, count, measured):
        measured.alarms.append(loaded.namespace.__name__)
        measured.confirmed[witness(loaded, program) is not None] += 1
        return
    for kind, change, wrong in made_wrong(loaded, program, values, index):
        found = witness(loaded, wrong)
        measured.planted.append(
            Planted(loaded.namespace.__name__, kind, change, found, caught(loaded, wrong, count, measured))
        )


def made_wrong(
    loaded: Loaded, program: torch.export.ExportedProgram, values: Mapping[str, Any], index: int
) -> Iterator[tuple[str, str, torch.export.ExportedProgram]]:
    """The program changed by each applicable planting, then the results of the fuzzer's wrong exporters."""
    for kind, plant in PLANTINGS.items():
        wrong = copied(program)
        change = plant(wrong, values, random.Random(f"{kind} {index}"))
        if change is not None and usable(wrong):
            yield kind, change, wrong
    for kind, exporter in EXPORTERS.items():
        wrong = copy.copy(program)
        called = exporter(loaded.build(), *loaded.inputs())
        vars(wrong)["module"] = called.module
        yield kind, f"planted.{exporter.__name__}", wrong


def usable(program: torch.export.ExportedProgram) -> bool:
    """True if the changed graph still runs on its example."""
    program.graph_module.recompile()
    try:
        args, kwargs = copy.deepcopy(program.example_inputs)
        copied(program).module()(*args, **kwargs)
    except Exception:
        return False
    return True


def caught(loaded: Loaded, program: torch.export.ExportedProgram, count: int, measured: Measured) -> bool:
    """True if `verify` finds the program wrong."""
    began = time.perf_counter()
    found = torchdraft.verify(program, loaded.build(), n=count, shrink=False)
    measured.seconds += time.perf_counter() - began
    measured.inputs += len(found.trials)
    return not found.ok
