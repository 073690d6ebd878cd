"""Exports the models of the zoo with every exporter, checks the programs, and writes a table."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import warnings
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch

from ..isolate import in_fork
from ..progress import progress
from . import results as kept
from .check import EXPORTERS, Result, check, exporter
from .findings.page import section_of
from .registry import MODELS, Model, load

FOLDER = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the models whose name matches")
    parser.add_argument("--exporters", default=",".join(EXPORTERS), help="some of " + ", ".join(EXPORTERS))
    parser.add_argument("--dynamic", action="store_true", help="request dynamic shapes for the models that have some")
    parser.add_argument(
        "--timeout", type=float, default=120.0, help="time limit for one model and exporter, in seconds"
    )
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument(
        "--keep", type=Path, default=FOLDER.parent / "build" / "zoo.jsonl", help="file with the results of all runs"
    )
    parser.add_argument(
        "--out", type=Path, default=FOLDER / "RESULTS.md", help="file to write the table of all runs to"
    )
    return parser.parse_args()


def warm_up(names: list[str]) -> None:
    """Imports the modules that exporters import on their first call, so that times are comparable."""
    for name in names:
        for shapes in (None, ({0: torch.export.Dim.AUTO},)):
            exporter(name)(torch.nn.Linear(2, 2), (torch.ones(3, 2),), dynamic_shapes=shapes)


def run_one(model: Model, name: str, dynamic: bool, timeout: float) -> Result:
    """The result of one model and exporter, from its own process."""
    outcome = in_fork(lambda: check(model, name, dynamic), timeout)
    if outcome.error is None:
        result: Result = outcome.value
        return result
    return Result(model.name, name, dynamic, graph=outcome.error, seconds=outcome.seconds)


def main() -> int:
    """Runs the models, prints the failures, writes the table; returns 1 if torchdraft failed."""
    options = arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    torch.set_num_threads(1)
    for package in load():
        print(f"{package} is not installed; its models are skipped")
    chosen = [model for name, model in MODELS.items() if re.search(options.only, name)]
    if options.list:
        print("\n".join(model.name for model in chosen))
        return 0
    names = options.exporters.split(",")
    warm_up(names)
    results, failed = kept.read(options.keep), 0
    for number, model in enumerate(chosen):
        if options.dynamic and not model.build()[3]:
            continue
        for name in names:
            progress(f"{number + 1} of {len(chosen)}: {model.name}, {name}")
            result = run_one(model, name, options.dynamic, options.timeout)
            results[model.name, name, options.dynamic] = result
            failed += name == "torchdraft" and not result.passed
            if not result.passed:
                progress("")
                print(f"{model.name}, {name}: {result.failure[:200]}", flush=True)
        kept.write(options.keep, results)
    progress("")
    findings = section_of(options.out.read_text()) if options.out.exists() else ""
    options.out.write_text(kept.document(results) + findings)
    print("\n".join(kept.totals([result for result in results.values() if result.dynamic == options.dynamic])))
    print(f"written to {options.out.name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
