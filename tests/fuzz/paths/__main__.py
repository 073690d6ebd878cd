"""Checks random models with branches and loops, and prints those whose program is wrong without an error."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from contextlib import nullcontext

from .check import BUDGET, outcomes
from .generate import source
from .planted import FAULTS, planted


def main() -> int:
    """Runs the models; returns 1 if a program is wrong without an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.paths", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="number of models")
    parser.add_argument("--first", type=int, default=0, help="number of the first model")
    parser.add_argument("--seed", type=int, default=0, help="seed of the models")
    parser.add_argument("--paths", choices=("all", "example"), default="all")
    parser.add_argument("--plant", choices=tuple(FAULTS), help="plant this fault in the engine, which it has to find")
    options = parser.parse_args()
    with planted(options.plant, compared=False) if options.plant else nullcontext():
        return _checked(options)


def _checked(options: argparse.Namespace) -> int:
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    for number in range(options.first, options.first + options.n):
        found = outcomes(number, options.seed, BUDGET if options.paths == "all" else "example")
        kinds = [each if each in ("right", "loud") else "wrong" for each in found]
        counts.update(kinds)
        if "wrong" in kinds or kinds[0] != "right":
            print(f"model {number}: {found}\n{source(number, options.seed)}", flush=True)
        elif sys.stderr.isatty() or number % 20 == 0:
            print(f"{number}: {dict(counts)}", file=sys.stderr, flush=True)
    print(dict(counts))
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
