"""Exports small models that depend on data, and counts on how many other inputs the programs are right."""

from __future__ import annotations

import argparse
import logging
import re
import sys
import warnings

import torch

from ..isolate import in_fork
from ..progress import progress
from .check import Result, check
from .cost import WITH_BRANCHES, costs, table
from .exporters import EXPORTERS, OURS
from .registry import Model, load
from .table import by_exporter, by_kind, failures


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.general", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the models whose name matches")
    parser.add_argument("--kind", default="", help="only the models of one kind, a file of benchmarks/general/corpus")
    parser.add_argument("--exporters", default=",".join(EXPORTERS), help="some of " + ", ".join(EXPORTERS))
    parser.add_argument("--timeout", type=float, default=60.0, help="limit for one model and exporter, in seconds")
    parser.add_argument("--cost", action="store_true", help='only count what `paths="all"` costs, in function calls')
    parser.add_argument("--list", action="store_true", help="only print the names")
    options = parser.parse_args(given)
    options.exporters = options.exporters.split(",")
    if unknown := set(options.exporters) - set(EXPORTERS):
        parser.error(f"no exporter is called {', '.join(sorted(unknown))}; there are {', '.join(EXPORTERS)}")
    return options


def warm_up(names: list[str]) -> None:
    """Imports the modules that exporters import on their first call, so that times are comparable."""
    for name in names:
        for shapes in (None, ({0: torch.export.Dim.AUTO},)):
            EXPORTERS[name](torch.nn.Linear(2, 2), (torch.ones(3, 2),), dynamic_shapes=shapes)


def measured(model: Model, name: str, timeout: float) -> Result:
    """The result of one model and exporter, from its own process."""
    outcome = in_fork(lambda: check(model, name, EXPORTERS[name]), timeout)
    if outcome.error is None:
        result: Result = outcome.value
        return result
    return Result(model.name, model.kind, name, len(model.others), refused=outcome.error, seconds=outcome.seconds)


def main() -> int:
    """Runs the models and prints the tables; returns 1 if a program of ours is silently wrong."""
    options = arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    torch.set_num_threads(1)
    chosen = [
        model for model in load().values() if re.search(options.only, model.name) and options.kind in ("", model.kind)
    ]
    if options.list or not chosen:
        print("\n".join(model.name for model in chosen) or "no model matches")
        return 0
    if options.cost:
        found = list(costs([name for name in WITH_BRANCHES if name in {model.name for model in chosen}]))
        print("\n".join(table(found)))
        return 0
    warm_up(options.exporters)
    results = []
    for number, model in enumerate(chosen, 1):
        for name in options.exporters:
            progress(f"{number} of {len(chosen)}: {model.name}, {name}")
            results.append(measured(model, name, options.timeout))
    progress("")
    for lines in (by_exporter(results), by_kind(results), failures(results)):
        print("\n".join(lines), end="\n\n")
    return int(any(result.wrong for result in results if result.exporter in OURS))


if __name__ == "__main__":
    sys.exit(main())
