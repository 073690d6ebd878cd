"""Measures how the cost grows with the number of data-dependent sites, from 10 to 640."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path

from ..progress import progress
from .measure import measure_apart
from .models import sites

COUNTS = (10, 20, 40, 80, 160, 320, 640)
RIVALS = ("torchdraft", "draft_export")
LINEAR = 1.25
"""Largest growth exponent that counts as linear. Fixed costs dominate small counts, noise dominates large ones."""

Times = dict[str, dict[int, float]]


def scale(timeout: float) -> tuple[Times, dict[str, str]]:
    """Seconds by exporter and number of sites, and failures. An exporter is not measured beyond its first failure."""
    times: Times = {name: {} for name in RIVALS}
    failed: dict[str, str] = {}
    for name in RIVALS:
        for count in COUNTS:
            progress(f"{count} sites, {name}")
            outcome = measure_apart(sites(count), name, False, timeout)
            if outcome.error is not None:
                failed[name] = f"{count} sites: {outcome.error}"
                break
            times[name][count] = outcome.value.seconds
    progress("")
    return times, failed


def exponent(times: dict[int, float]) -> float | None:
    """The growth exponent over the last doublings: 1 is linear, 2 is quadratic."""
    counts = sorted(times)[-3:]
    if len(counts) < 3:
        return None
    return math.log(times[counts[-1]] / times[counts[0]]) / math.log(counts[-1] / counts[0])


def table(times: Times) -> Iterator[str]:
    """Seconds and milliseconds per site."""
    yield f"{'sites':>6}" + "".join(f" {name:>14} {'ms/site':>8}" for name in RIVALS)
    for count in COUNTS:
        cells = (times[name].get(count) for name in RIVALS)
        yield f"{count:6}" + "".join(
            f" {'–':>14} {'–':>8}" if cell is None else f" {cell:12.2f} s {1000 * cell / count:8.1f}" for cell in cells
        )
    own = exponent(times["torchdraft"])
    verdict = "not measured" if own is None else f"{own:.2f} ({'reached' if own <= LINEAR else 'missed'})"
    yield f"  growth exponent of torchdraft over the last doublings, 1 is linear: {verdict}"


def plot(times: Times, path: Path) -> str:
    """Draws the plot if matplotlib is installed. Returns a message."""
    if not importlib.util.find_spec("matplotlib"):
        return "  no plot: matplotlib is not installed (it is in the `bench` extra)"
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for name, points in times.items():
        axes.plot(list(points), list(points.values()), marker="o", label=name)
    if own := times["torchdraft"]:
        first = own[min(own)] / min(own)
        axes.plot(COUNTS, [first * count for count in COUNTS], linestyle=":", color="grey", label="linear")
    axes.set(xscale="log", yscale="log", xlabel="data-dependent sites", ylabel="seconds", title="Cost per site")
    axes.set_xticks(COUNTS, [str(count) for count in COUNTS])
    axes.legend()
    figure.savefig(path, dpi=120)
    return f"  plotted to {path.name}"
