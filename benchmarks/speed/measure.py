"""Measures one model with one exporter, in its own process."""

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
    """Time and memory of one call."""

    seconds: float
    growth: int
    """Peak of the resident memory during the call minus the resident memory before it, in bytes."""
    ops_traced: int = 0
    ops_evaluated: int = 0
    rung: str = ""
    phases: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Series:
    """Repeated measurements of the same call."""

    measurements: list[Measurement] = field(default_factory=list)
    error: str | None = None
    over: float | None = None
    """The time limit that was exceeded: a lower bound of the time."""

    def add(self, outcome: Outcome) -> None:
        """Adds the outcome of one run."""
        if outcome.error is not None:
            self.error = outcome.error
            self.over = outcome.seconds if outcome.error.startswith("hang") else None
        else:
            self.measurements.append(outcome.value)

    @property
    def seconds(self) -> float | None:
        """The median time, or the exceeded limit."""
        return statistics.median(m.seconds for m in self.measurements) if self.measurements else self.over

    @property
    def growth(self) -> float | None:
        """The median growth of memory."""
        return statistics.median(m.growth for m in self.measurements) if self.measurements else None


def exporter(name: str) -> Callable[..., Any]:
    """The exporter with this name."""
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
    """Measures in the child process: time, memory and counters of torchdraft."""
    mod, args, kwargs, shapes = example
    call = exporter(name)
    gc.collect()  # the first collection after a fork copies the pages of all objects, which no exporter causes
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
    """Imports the modules that exporters import on their first call, so that no measurement includes them."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    model, example = torch.nn.Linear(2, 2), (torch.ones(2, 2),)
    for name in EXPORTERS:
        for shapes in (None, ({0: torch.export.Dim.AUTO},)):
            exporter(name)(model, example, {}, shapes)
