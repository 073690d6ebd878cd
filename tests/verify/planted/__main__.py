"""Plants errors in exported programs and prints how many of them `verify` finds."""

from __future__ import annotations

import argparse
import sys

import torch

from benchmarks.progress import progress

from .measure import measure


def main() -> int:
    """Runs the measurement; returns 1 if `verify` accepted a wrong program."""
    parser = argparse.ArgumentParser(prog="python -m tests.verify.planted", description=__doc__)
    parser.add_argument("--n", type=int, default=100, help="number of programs")
    parser.add_argument("--seed", type=int, default=0, help="seed of the programs")
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--inputs", type=int, default=80, help="number of inputs that verify draws for each program")
    parser.add_argument("--all", action="store_true", help="also print the programs that are wrong without a planting")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(
        options.n, options.seed, options.inputs, options.first, lambda done: progress(f"{done} of {options.n} programs")
    )
    progress("")
    print("\n".join(found.table()))
    for each in found.missed:
        print(f"missed: {each.program}, {each.kind} ({each.change}); {each.witness}")
    for name in found.alarms if options.all else ():
        print(f"wrong as drafted: {name}")
    return 1 if found.missed else 0


if __name__ == "__main__":
    sys.exit(main())
