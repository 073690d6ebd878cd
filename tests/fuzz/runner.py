"""Runs the fuzzer: distributes programs, collects verdicts, shrinks failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from .check import ROUND_TRIP_EVERY, Exporter, Verdict, check
from .generate import generate
from .program import Program
from .shrink import shrink
from .summary import Summary
from .worker import Task, Worker, check_all

DEFAULT_EXPORTER = "torchdraft.draft_export"
Progress = Callable[[Summary], None]


def run(
    n: int,
    seed: int = 0,
    exporter: str | Exporter = DEFAULT_EXPORTER,
    *,
    first: int = 0,
    jobs: int = 2,
    timeout: float = 60.0,
    round_trip_every: int = ROUND_TRIP_EVERY,
    shrink_causes: int = 0,
    progress: Progress | None = None,
) -> Summary:
    """Checks programs `first` to `first + n - 1` of this seed.

    An exporter given as a dotted path runs in worker processes that survive crashes, a callable runs in this process.
    Programs whose number is a multiple of `round_trip_every` are also saved and loaded; 0 disables this.
    """
    started = time.perf_counter()
    summary = Summary(exporter if isinstance(exporter, str) else getattr(exporter, "__name__", "exporter"), seed)
    for verdict in verdicts(range(first, first + n), seed, exporter, round_trip_every, jobs, timeout):
        summary.verdicts.append(verdict)
        summary.seconds = time.perf_counter() - started
        if progress is not None:
            progress(summary)
    summary.verdicts.sort(key=lambda verdict: int(verdict.name.rsplit("_", 1)[1]))
    if shrink_causes:
        shrink_failures(summary, exporter, shrink_causes)
    return summary


def verdicts(
    indices: range,
    seed: int,
    exporter: str | Exporter,
    round_trip_every: int = 0,
    jobs: int = 1,
    timeout: float = 60.0,
) -> Iterator[Verdict]:
    """The verdicts on these programs, in the order of completion."""
    saved = {index for index in indices if round_trip_every and index % round_trip_every == 0}
    if not isinstance(exporter, str):
        for index in indices:
            yield check(generate(seed, index), exporter, index in saved)
        return
    tasks = (Task(exporter, seed, index, round_trip=index in saved) for index in indices)
    for data in check_all(tasks, min(jobs, len(indices)), timeout):
        yield complete(data, seed)


def complete(data: dict[str, Any], seed: int) -> Verdict:
    """A verdict from a worker. Adds the features if the process died."""
    if not data["features"]:
        data = {**data, "features": generate(seed, int(data["name"].rsplit("_", 1)[1])).features}
    return Verdict.from_json(data)


def shrink_failures(summary: Summary, exporter: str | Exporter, most: int) -> None:
    """Finds a small program for each of the most frequent causes."""
    worker = Worker(timeout=20.0) if isinstance(exporter, str) else None
    try:
        for signature, group in list(summary.by_signature().items())[:most]:
            index = int(group[0][0].name.rsplit("_", 1)[1])
            program = generate(summary.seed, index)

            def fails(source: str, index: int = index, signature: str = signature) -> bool:
                round_trip = signature.startswith("round trip")
                return signature in signatures(source, summary.seed, index, exporter, round_trip, worker)

            summary.shrunk[signature] = shrink(program.source, fails)
    finally:
        if worker is not None:
            worker.stop()


def signatures(
    source: str, seed: int, index: int, exporter: str | Exporter, round_trip: bool, worker: Worker | None
) -> set[str]:
    """The signatures of the findings of a changed program."""
    if worker is not None and isinstance(exporter, str):
        data = worker.ask(Task(exporter, seed, index, source, round_trip))
        found = Verdict.from_json({**data, "features": ()})
    else:
        assert not isinstance(exporter, str), "a dotted path needs a worker"
        found = check(Program(f"fuzz_{seed}_{index}", source), exporter, round_trip)
    return set() if found.discarded else {finding.signature for finding in found.findings}
