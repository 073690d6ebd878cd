"""Stores results between runs and writes the table."""

from __future__ import annotations

import importlib.metadata
import json
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from .check import EXPORTERS, Result

DISTRIBUTIONS = (
    "torch", "transformers", "timm", "torchvision", "torch-geometric", "diffusers", "vector-quantize-pytorch",
    "x-transformers", "vit-pytorch", "einops", "kornia", "torchmetrics",
)  # fmt: skip

Results = dict[tuple[str, str, bool], Result]


def read(path: Path) -> Results:
    """Results of earlier runs."""
    if not path.exists():
        return {}
    found = [Result(**json.loads(line)) for line in path.read_text().splitlines()]
    return {(result.model, result.exporter, result.dynamic): result for result in found}


def write(path: Path, results: Results) -> None:
    """Stores the results for the next run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(result)) + "\n" for result in results.values()))


def document(results: Results) -> str:
    """The results as a Markdown page."""
    lines = [
        "# The zoo: export, draft_export and torchdraft side by side",
        "",
        "Written by `python -m benchmarks.zoo`; do not edit. One fresh process per model and exporter, one thread,",
        "tiny configurations. A tick: a graph that equals eager on its example, is right or raises on another input,",
        "survives save and load, and leaves eager as it was.",
        "",
        ", ".join(versions()),
    ]
    for dynamic in (False, True):
        chosen = [result for result in results.values() if result.dynamic == dynamic]
        if chosen:
            lines += ["", f"## {'Dynamic' if dynamic else 'Static'} shapes", "", *totals(chosen), "", *table(chosen)]
    return "\n".join(lines) + "\n"


def versions() -> Iterator[str]:
    """The installed versions of the libraries of the zoo."""
    for name in DISTRIBUTIONS:
        try:
            yield f"{name} {importlib.metadata.version(name).split('+')[0]}"
        except importlib.metadata.PackageNotFoundError:
            continue


def totals(results: list[Result]) -> Iterator[str]:
    """The number of models that pass each step, per exporter, and the medians of the time ratios."""
    yield "| exporter | models | a graph | equals eager | right or raises elsewhere | saves and loads | all |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name in EXPORTERS:
        own = [result for result in results if result.exporter == name]
        graphs = [result for result in own if not result.graph]
        steps = [sum(not getattr(result, step) for result in graphs) for step in ("example", "other", "saved")]
        passed = sum(result.passed for result in own)
        yield f"| {name} | {len(own)} | {len(graphs)} | {steps[0]} | {steps[1]} | {steps[2]} | {passed} |"
    for rival in EXPORTERS[:-1]:
        if ratios := time_ratios(results, rival):
            yield ""
            yield (
                f"Time of torchdraft against {rival} where both have a graph ({len(ratios)} models):"
                f" median {statistics.median(ratios):.2f} ×, 90th percentile {percentile(ratios, 0.9):.2f} ×."
            )


def time_ratios(results: Iterable[Result], rival: str) -> list[float]:
    """The time of torchdraft divided by that of another exporter, per model."""
    seconds = {(result.model, result.exporter): result.seconds for result in results if not result.graph}
    return [
        own / seconds[model, rival]
        for (model, name), own in seconds.items()
        if name == "torchdraft" and seconds.get((model, rival))
    ]


def percentile(values: list[float], share: float) -> float:
    """The quantile at `share`."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(results: list[Result]) -> Iterator[str]:
    """One row per model."""
    yield "| model | " + " | ".join(EXPORTERS) + " |"
    yield "| --- |" + " --- |" * len(EXPORTERS)
    by_key = {(result.model, result.exporter): result for result in results}
    for model in dict.fromkeys(result.model for result in results):
        cells = [cell(by_key.get((model, name))) for name in EXPORTERS]
        yield f"| {model} | " + " | ".join(cells) + " |"


def cell(result: Result | None) -> str:
    """A check mark with the time, or the first failure."""
    if result is None:
        return ""
    if result.passed:
        rung = f", {result.rung}" if result.rung not in {"", "symbolic"} else ""
        return f"✓ {result.seconds:.2f} s{rung}"
    return "✗ " + result.failure[:90].replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
