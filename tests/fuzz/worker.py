"""Checks programs in worker processes, so that a crash or a hang affects one program only."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from .check import check
from .generate import generate
from .program import Program

# multiprocessing starts its fork server on first use. Every worker inherits the modules that are preloaded there.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.fuzz.warm"])

PROGRAMS_PER_WORKER = 300
"""A worker is replaced after this many programs, because the caches of torch grow."""

LONGEST = 300
"""Seconds after which a worker ends itself if the main process is gone."""


@dataclass(frozen=True, slots=True)
class Task:
    """One program to check: the number to generate it from, or its source."""

    exporter: str
    seed: int = 0
    index: int = 0
    source: str | None = None
    round_trip: bool = False

    @property
    def name(self) -> str:
        """The name of the program."""
        return f"fuzz_{self.seed}_{self.index}"


class Worker:
    """A process that checks one program at a time."""

    def __init__(self, timeout: float = 60.0) -> None:
        self.timeout = timeout
        self.task: Task | None = None
        self.deadline = 0.0
        self.answered = 0
        self.start()

    def start(self) -> None:
        """Starts a new process."""
        self.connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.answered = 0

    def stop(self) -> None:
        """Kills the process."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    def restart(self) -> None:
        """Replaces the process by a new one."""
        self.stop()
        self.start()

    def give(self, task: Task) -> None:
        """Sends a task to the process. `answer` receives the verdict."""
        self.task = task
        self.deadline = time.monotonic() + self.timeout
        self.connection.send(task)

    def answer(self) -> dict[str, Any]:
        """The verdict. Waits until the connection is readable or the deadline has passed."""
        task, self.task = self.task, None
        assert task is not None, "no task was given"
        if not self.connection.poll(max(0.0, self.deadline - time.monotonic())):
            self.restart()
            return broken(task, "hang", f"no answer within {self.timeout:g} s")
        try:
            verdict: dict[str, Any] = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(5)
            code = self.process.exitcode
            self.restart()
            return broken(task, "crash", f"the process died with exit code {code}")
        self.answered += 1
        if verdict.pop("contaminated") or self.answered >= PROGRAMS_PER_WORKER:
            self.restart()
        return verdict

    def ask(self, task: Task) -> dict[str, Any]:
        """Sends a task and waits for its verdict."""
        self.give(task)
        return self.answer()


def check_all(tasks: Iterable[Task], jobs: int, timeout: float) -> Iterator[dict[str, Any]]:
    """The verdicts of all tasks, in the order of completion."""
    waiting = iter(tasks)
    workers = [Worker(timeout) for _ in range(jobs)]
    try:
        busy = [worker for worker in workers if give_next(worker, waiting)]
        while busy:
            earliest = min(worker.deadline for worker in busy)
            ready = wait([worker.connection for worker in busy], max(0.0, earliest - time.monotonic()))
            late = time.monotonic()
            for worker in [w for w in busy if w.connection in ready or w.deadline <= late]:
                yield worker.answer()
                if not give_next(worker, waiting):
                    busy.remove(worker)
    finally:
        for worker in workers:
            worker.stop()


def give_next(worker: Worker, waiting: Iterator[Task]) -> bool:
    """Gives the worker the next task. False if there is none."""
    task = next(waiting, None)
    if task is not None:
        worker.give(task)
    return task is not None


def broken(task: Task, kind: str, detail: str) -> dict[str, Any]:
    """The verdict on a program that ended its process."""
    finding = {"kind": kind, "detail": detail, "signature": f"{kind}: {detail}"}
    return {"name": task.name, "features": (), "findings": [finding]}


# -- in the worker


def serve(connection: Connection) -> None:
    """Checks programs until the main process closes the connection."""
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    folder = tempfile.mkdtemp(prefix="torchdraft-fuzz-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    silence()
    try:
        while True:
            task = connection.recv()
            signal.alarm(LONGEST)  # a hung worker must not outlive a killed run
            connection.send(answer(task))
            signal.alarm(0)
            empty(folder)
    except (EOFError, BrokenPipeError):
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answer(task: Task) -> dict[str, Any]:
    """Checks the program of one task."""
    try:
        program = generate(task.seed, task.index) if task.source is None else Program(task.name, task.source)
        verdict = check(program, resolve(task.exporter), task.round_trip).to_json()
    except Exception as error:  # the exporter left the process in an unusable state
        return {**broken(task, "crash", f"{type(error).__name__}: {error}"), "contaminated": True}
    contaminated = any("left active" in finding["detail"] for finding in verdict["findings"])
    return {**verdict, "contaminated": contaminated}


def resolve(dotted: str) -> Any:
    """The object at a dotted path: imports the longest possible prefix, then reads attributes."""
    parts = dotted.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if error.name is not None and dotted.startswith(error.name):
                continue
            raise
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ImportError(f"no module to import in {dotted!r}")


def silence() -> None:
    """Suppresses the output of torch."""
    void = os.open(os.devnull, os.O_WRONLY)
    os.dup2(void, 1)
    os.dup2(void, 2)


def empty(folder: str) -> None:
    """Removes files that an exporter left in the temporary folder. They are already counted."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.remove(path)
