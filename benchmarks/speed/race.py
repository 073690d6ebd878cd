"""Measures all exporters on all models in several rounds, and computes medians and ratios."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..isolate import in_fork
from ..progress import progress
from .measure import EXPORTERS, Measurement, Series, measure_apart
from .models import RACERS, Example, Racer

TIME_TO_EXPORT = 1.0
TIME_TO_DRAFT = 0.2
MEMORY_TO_EXPORT = 1.1
"""The targets: torchdraft divided by the other exporter."""


@dataclass(slots=True)
class Heat:
    """The measurements of all exporters for one model with static or dynamic shapes."""

    model: str
    dynamic: bool
    series: dict[str, Series] = field(default_factory=lambda: {name: Series() for name in EXPORTERS})

    @property
    def name(self) -> str:
        """The model and the kind of its shapes."""
        return f"{self.model}, {'dynamic' if self.dynamic else 'static'}"

    def ratio(self, figure: str, rival: str) -> float | None:
        """The figure of torchdraft divided by that of another exporter, if both exist."""
        own, other = getattr(self.series["torchdraft"], figure), getattr(self.series[rival], figure)
        return None if own is None or not other else own / other

    @property
    def last(self) -> Measurement | None:
        """The last measurement of torchdraft."""
        measurements = self.series["torchdraft"].measurements
        return measurements[-1] if measurements else None


def race(rounds: int, only: str, timeout: float) -> Iterator[Heat]:
    """The measurements of all models, two heats per model. Each model is built in its own process: otherwise memory
    that an earlier one freed would be reused, and the growth would be underestimated.
    """
    for racer in RACERS:
        if not re.search(only, racer.name):
            continue
        outcome = in_fork(
            lambda racer=racer: heats(racer, rounds, timeout), 2 * rounds * len(EXPORTERS) * timeout, quiet=False
        )
        if outcome.error is not None:
            raise RuntimeError(f"{racer.name}: {outcome.error}\n{outcome.trace}")
        yield from outcome.value


def heats(racer: Racer, rounds: int, timeout: float) -> list[Heat]:
    """The heats of one model. The exporters alternate within each round."""
    example = racer.build()
    found = [Heat(racer.name, dynamic) for dynamic in (False, True)]
    for heat in found:
        run_heat(heat, example, rounds, timeout)
    return found


def run_heat(heat: Heat, example: Example, rounds: int, timeout: float) -> None:
    """Measures all exporters. An exporter that failed once is skipped afterwards."""
    for number in range(rounds):
        for name, series in heat.series.items():
            if series.error is not None or (name == "eager" and heat.dynamic and number):
                continue
            progress(f"{heat.name}: round {number + 1} of {rounds}, {name}")
            series.add(measure_apart(example, name, heat.dynamic, timeout))
    progress("")


HEADING = (
    f"{'model':36} {'eager':>7} {'export':>7} {'draft':>7} {'ours':>7}   {'/export':>7} {'/draft':>7}"
    f"   {'MB export':>9} {'MB draft':>8} {'MB ours':>8} {'/export':>7}   ops computed / traced"
)


def row(heat: Heat) -> str:
    """A row with times, ratios, memory and the number of evaluated ops, followed by the failures."""
    times = " ".join(shown(heat.series[name].seconds, "7.2f") for name in EXPORTERS)
    sizes = [megabytes(heat.series[name].growth) for name in EXPORTERS[1:]]
    last = heat.last
    ops = "" if last is None else f"{last.ops_evaluated} / {last.ops_traced}  {last.rung}"
    lines = [
        f"{heat.name:36} {times}   {shown(heat.ratio('seconds', 'export'), '7.2f')}"
        f" {shown(heat.ratio('seconds', 'draft_export'), '7.2f')}   {sizes[0]:>9} {sizes[1]:>8} {sizes[2]:>8}"
        f" {shown(heat.ratio('growth', 'export'), '7.2f')}   {ops}"
    ]
    failed = {name: series.error for name, series in heat.series.items() if series.error is not None}
    return "\n".join([*lines, *(f"    {name}: {error[:150]}" for name, error in failed.items())])


def targets(heats: list[Heat]) -> Iterator[str]:
    """Each target, and the models that miss it."""
    wanted = (
        ("time against torch.export.export", "seconds", "export", TIME_TO_EXPORT),
        ("time against torch.export.draft_export", "seconds", "draft_export", TIME_TO_DRAFT),
        ("memory against torch.export.export", "growth", "export", MEMORY_TO_EXPORT),
    )
    for title, figure, rival, limit in wanted:
        ratios = {heat.name: ratio for heat in heats if (ratio := heat.ratio(figure, rival)) is not None}
        missed = [f"{name} {ratio:.2f}" for name, ratio in ratios.items() if ratio > limit]
        verdict = "no rival succeeded" if not ratios else "reached" if not missed else f"missed: {', '.join(missed)}"
        yield f"  {title:40} ≤ {limit:g} ×   {verdict}"
    failed = [heat.name for heat in heats if heat.series["torchdraft"].error is not None]
    yield f"  {'a graph for each':40}         {'reached' if not failed else 'missed: ' + ', '.join(failed)}"


def shown(value: float | None, form: str) -> str:
    """A formatted number, or a dash."""
    return f"{value:{form}}" if value is not None else f"{'–':>{form.split('.')[0]}}"


def megabytes(value: float | None) -> str:
    """Bytes as megabytes, or a dash."""
    return "–" if value is None else f"{value / 1e6:.0f}"
