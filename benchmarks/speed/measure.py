"""One measurement: one model through one exporter, in a process of its own."""

from __future__ import annotations

import gc
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ..isolate import Outcome, in_fork, peak_bytes, reset_peak, resident_bytes
from .models import Example

EXPORTERS = ("eager", "export", "draft_export", "torchdraft")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one call cost."""

    seconds: float
    growth: int
    """Bytes of resident memory at the peak above those before the call."""
    ops_traced: int = 0
    ops_evaluated: int = 0
    rung: str = ""
    phases: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Series:
    """The same measurement, repeated."""

    measurements: list[Measurement] = field(default_factory=list)
    error: str | None = None
    over: float | None = None
    """The time limit it ran into: it takes at least this long."""

    def add(self, outcome: Outcome) -> None:
        """Takes one outcome in."""
        if outcome.error is not None:
            self.error = outcome.error
            self.over = outcome.seconds if outcome.error.startswith("hang") else None
        else:
            self.measurements.append(outcome.value)

    @property
    def seconds(self) -> float | None:
        """Median time, or the limit it ran into."""
        return statistics.median(m.seconds for m in self.measurements) if self.measurements else self.over

    @property
    def growth(self) -> float | None:
        """Median growth of memory."""
        return statistics.median(m.growth for m in self.measurements) if self.measurements else None


def exporter(name: str) -> Callable[..., Any]:
    """The call that `name` stands for."""
    if name == "export":
        return lambda mod, args, kwargs, shapes: torch.export.export(
            mod, args, kwargs, dynamic_shapes=shapes, strict=False
        )
    if name == "draft_export":
        return lambda mod, args, kwargs, shapes: torch.export.draft_export(mod, args, kwargs, dynamic_shapes=shapes)
    if name == "eager":
        return lambda mod, args, kwargs, shapes: mod(*args, **kwargs)
    from torchdraft import draft_export  # imported here and not in the call, which is timed

    return lambda mod, args, kwargs, shapes: draft_export(mod, args, kwargs, dynamic_shapes=shapes)


def measure(example: Example, name: str, dynamic: bool) -> Measurement:
    """Runs in the child: time, memory and torchdraft's own figures."""
    mod, args, kwargs, shapes = example
    call = exporter(name)
    gc.collect()  # the first collection after a fork copies the pages of every object: no exporter's doing
    reset_peak()
    before = resident_bytes()
    started = time.perf_counter()
    program = call(mod, args, kwargs, shapes if dynamic else None)
    seconds = time.perf_counter() - started
    growth = peak_bytes() - before
    report = getattr(program, "_report", None)
    stats = getattr(report, "stats", None)
    if report is None or stats is None:
        return Measurement(seconds, growth)
    return Measurement(seconds, growth, stats.ops_traced, stats.ops_evaluated, str(report.rung), dict(stats.seconds))


def measure_apart(example: Example, name: str, dynamic: bool, timeout: float) -> Outcome:
    """One measurement in a forked process."""
    return in_fork(lambda: measure(example, name, dynamic), timeout)


def warm_up() -> None:
    """Imports what every exporter imports on its first call, so that no child pays for it."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    model, example = torch.nn.Linear(2, 2), (torch.ones(2, 2),)
    for name in EXPORTERS:
        for shapes in (None, ({0: torch.export.Dim.AUTO},)):
            exporter(name)(model, example, {}, shapes)
