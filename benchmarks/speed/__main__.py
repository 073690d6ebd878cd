"""Compares time and memory of torchdraft with torch.export.export and torch.export.draft_export."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from ..boxes import load_torchvision
from . import giant, ledger, race, sites
from .measure import warm_up

FOLDER = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="number of measurements of each kind; the medians are shown"
    )
    parser.add_argument("--only", default="", help="only the models whose name matches this pattern")
    parser.add_argument("--timeout", type=float, default=120.0, help="time limit for one measurement, in seconds")
    parser.add_argument("--parts", default="race,sites,ledger,giant", help="the parts to run")
    return parser.parse_args()


def main() -> None:
    """Runs the parts and prints their tables."""
    options = arguments()
    parts = options.parts.split(",")
    load_torchvision()
    warm_up()
    if "race" in parts:
        print(f"Seconds and growth of resident memory, medians of {options.rounds}, one thread\n\n{race.HEADING}")
        heats = []
        for heat in race.race(options.rounds, options.only, options.timeout):
            print(race.row(heat), flush=True)
            heats.append(heat)
        print("\nFigures to reach\n" + "\n".join(race.targets(heats)))
    if "sites" in parts:
        times, failed = sites.scale(options.timeout)
        print("\nData-dependent sites\n" + "\n".join(sites.table(times)))
        print("".join(f"  {name}, {reason}\n" for name, reason in failed.items()), end="")
        print(sites.plot(times, FOLDER / "sites.png"))
    if "ledger" in parts:
        print("\nThe ledger: processor time of a draft without it and with it")
        for line in ledger.weigh(options.rounds, options.timeout):
            print(f"  {line}", flush=True)
    if "giant" in parts:
        print("\nA model without weights\n" + giant.run(options.timeout))


if __name__ == "__main__":
    main()
