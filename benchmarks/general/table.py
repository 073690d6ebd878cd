"""The tables: one by exporter, one by kind, and the models that ours does not serve on every input."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from .check import LOUD, RIGHT, WRONG, Result, Verdict
from .exporters import OURS, TITLES


def by_exporter(results: list[Result]) -> Iterator[str]:
    """The outcomes on the other inputs, counted over all models."""
    yield "| exporter | models | other inputs | right | raises | wrong | no program | right on all | trace, median |"
    yield "| --- |" + " --- |" * 8
    for name in dict.fromkeys(result.exporter for result in results):
        own = [result for result in results if result.exporter == name]
        inputs = sum(result.inputs for result in own)
        right, loud, wrong = (sum(result.count(outcome) for result in own) for outcome in (RIGHT, LOUD, WRONG))
        refused = sum(result.inputs for result in own if result.refused)
        general = sum(result.general for result in own)
        seconds = [result.seconds for result in own if not result.refused]
        median = f"{statistics.median(seconds):.2f} s" if seconds else ""
        yield (
            f"| {TITLES[name]} | {len(own)} | {inputs} | {right} ({share(right, inputs)}) | {loud} | {wrong} |"
            f" {refused} | {general} models | {median} |"
        )


def by_kind(results: list[Result]) -> Iterator[str]:
    """The share of the other inputs on which each exporter is right, for each kind."""
    names = list(dict.fromkeys(result.exporter for result in results))
    yield "| kind | models | other inputs | " + " | ".join(TITLES[name] for name in names) + " |"
    yield "| --- |" + " --- |" * (len(names) + 2)
    for kind in dict.fromkeys(result.kind for result in results):
        own = [result for result in results if result.kind == kind]
        first = [result for result in own if result.exporter == names[0]]
        inputs = sum(result.inputs for result in first)
        cells = [cell([result for result in own if result.exporter == name]) for name in names]
        yield f"| {kind} | {len(first)} | {inputs} | " + " | ".join(cells) + " |"


def cell(results: list[Result]) -> str:
    """The share of right, and the number of wrong, if any."""
    wrong = sum(result.count(WRONG) for result in results)
    right = share(sum(result.count(RIGHT) for result in results), sum(result.inputs for result in results))
    return f"{right}, {wrong} wrong" if wrong else right


def share(part: int, whole: int) -> str:
    """A percentage."""
    return f"{100 * part / whole:.0f} %" if whole else ""


def failures(results: list[Result]) -> Iterator[str]:
    """Each model that ours does not serve on every input, ordered by kind, with the first reason."""
    for name in OURS:
        own = [result for result in results if result.exporter == name and not result.general]
        if own:
            yield f"{TITLES[name]}:"
            yield from (f"  {failure(result)}" for result in sorted(own, key=lambda result: result.kind))


def failure(result: Result) -> str:
    """One line about a model."""
    if result.refused:
        return f"{result.model}: no program: {result.refused}"
    named: list[tuple[str, Verdict]] = [("example", result.example)]
    named += [(f"input {number}", verdict) for number, verdict in enumerate(result.others, 1)]
    named += [(f"refused input {number}", verdict) for number, verdict in enumerate(result.raising, 1)]
    failed = [(place, verdict) for place, verdict in named if verdict.outcome != RIGHT]
    place, worst = next((one for one in failed if one[1].outcome == WRONG), failed[0])
    counts = f"{result.count(RIGHT)} of {result.inputs} right"
    return f"{result.model}: {counts}; {worst.outcome} on {place}: {worst.detail}"
