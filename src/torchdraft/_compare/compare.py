"""Runs every way in a process of its own, with a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .result import Result
from .worker import MARK


def compare(target: str, ways: Sequence[str], *, limit: float, folder: Path | None = None) -> Iterator[Result]:
    """The result of each way, as soon as it is there. A way whose process ends badly or too late does not work."""
    for way in ways:
        yield _one(way, target, limit, folder or Path.cwd())


def _one(way: str, target: str, limit: float, folder: Path) -> Result:
    command = [sys.executable, "-m", "torchdraft._compare.worker", way, target]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), *_own())))}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return Result(way=way, works=False, why=f"it took more than {limit:g} s")
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if not lines:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return Result(way=way, works=False, why=f"its process ended with status {done.returncode}: {last}"[:300])
    return Result.from_json(lines[-1].removeprefix(MARK))


def _own() -> list[str]:
    """The folder from which torchdraft was imported, where that is none of the interpreter's own."""
    folder = str(Path(__file__).resolve().parents[2])
    return [] if "-packages" in folder else [folder]
