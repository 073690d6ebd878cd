"""Operator cases: what torchdraft and torch make of models that call custom operators."""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Iterator

from ..isolate import in_fork
from ..progress import progress
from .case import Case, load
from .check import COLUMNS, EXPORTERS, Result, check

TITLES = {"ours": "torchdraft", "torch": "torch.export.draft_export"}


def measured(case: Case, exporter: str, timeout: float) -> Result:
    """The result of one case and exporter, from its own process."""
    outcome = in_fork(lambda: check(case, exporter), timeout)
    if outcome.error is None:
        result: Result = outcome.value
        return result
    return Result(case.model.name, exporter, dict.fromkeys(COLUMNS, outcome.error))


def table(results: list[Result]) -> Iterator[str]:
    """The number of cases for which each column holds."""
    yield "| exporter | cases | " + " | ".join(COLUMNS.values()) + " | all |"
    yield "| --- |" + " --- |" * (len(COLUMNS) + 2)
    for name in dict.fromkeys(result.exporter for result in results):
        own = [result for result in results if result.exporter == name]
        held = [sum(column not in result.failures for result in own) for column in COLUMNS]
        cells = [*held, sum(not result.failures for result in own)]
        yield f"| {TITLES[name]} | {len(own)} | " + " | ".join(map(str, cells)) + " |"


def failures(results: list[Result]) -> Iterator[str]:
    """Each failure, one on a line."""
    for result in results:
        if not result.symbolic:
            yield f"{result.exporter}: {result.case}: not traced with symbols"
        for column, text in result.failures.items():
            yield f"{result.exporter}: {result.case}: {column}: {text}"


def main(given: list[str] | None = None) -> int:
    """Runs the cases and prints the tables; returns 1 if one of ours fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels cases", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the cases whose name matches")
    parser.add_argument("--exporters", default=",".join(EXPORTERS), help="some of " + ", ".join(EXPORTERS))
    parser.add_argument("--timeout", type=float, default=60.0, help="limit for one case and exporter, in seconds")
    options = parser.parse_args(given)
    logging.disable(logging.ERROR)
    chosen = [each for name, each in load().items() if re.search(options.only, name)]
    results = []
    for number, each in enumerate(chosen, 1):
        for exporter in options.exporters.split(","):
            progress(f"{number} of {len(chosen)}: {each.model.name}, {exporter}")
            results.append(measured(each, exporter, options.timeout))
    progress("")
    print("\n".join(table(results)), end="\n\n")
    print("\n".join(failures(results)))
    return int(any(result.failures for result in results if result.exporter == "ours"))
