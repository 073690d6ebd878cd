"""Checks an exporter on random programs and prints the broken promises."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.progress import progress

from .generate import generate
from .runner import DEFAULT_EXPORTER, run
from .summary import Summary


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="number of programs to check")
    parser.add_argument("--seed", type=int, default=0, help="seed of the programs")
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--exporter", default=DEFAULT_EXPORTER, help="dotted path of the exporter to check")
    parser.add_argument("--jobs", type=int, default=2, help="number of worker processes")
    parser.add_argument("--timeout", type=float, default=60.0, help="time limit for one program, in seconds")
    parser.add_argument("--shrink", type=int, default=5, help="number of causes of failure to find a small program for")
    parser.add_argument("--show", type=int, metavar="INDEX", help="only print the program with this number")
    parser.add_argument(
        "--save", type=Path, metavar="FOLDER", help="write the small programs to this folder, one file each"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all verdicts to this file, one per line")
    return parser.parse_args()


def report_progress(summary: Summary) -> None:
    """A line that overwrites itself on a terminal. Without a terminal, a line per hundred programs."""
    done, failed = len(summary.verdicts), len(summary.failed)
    line = f"{done} programs, {failed} failed, {summary.seconds:.0f} s"
    progress(line)
    if done % 100 == 0 and not sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)


def save(summary: Summary, folder: Path) -> None:
    """Writes each small program to its own file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (signature, source) in enumerate(summary.shrunk.items()):
        heading = signature.replace("\\", "/").replace('"', "'")
        (folder / f"case_{summary.seed}_{number}.py").write_text(f'"""{heading}"""\n\n{source}\n')


def main() -> int:
    """Runs the fuzzer; returns 1 if a promise was broken."""
    options = arguments()
    if options.show is not None:
        print(generate(options.seed, options.show).source)
        return 0
    summary = run(
        options.n,
        options.seed,
        options.exporter,
        first=options.first,
        jobs=options.jobs,
        timeout=options.timeout,
        shrink_causes=options.shrink,
        progress=report_progress,
    )
    progress("")
    print(summary)
    if options.save is not None:
        save(summary, options.save)
    if options.json is not None:
        options.json.write_text("".join(json.dumps(verdict.to_json()) + "\n" for verdict in summary.verdicts))
    return 0 if summary.ok else 1


if __name__ == "__main__":
    sys.exit(main())
