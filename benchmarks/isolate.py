"""Runs a function in a forked process, so that changed state, a crash or a hang cannot affect later runs."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a forked function, or its error."""

    value: Any = None
    error: str | None = None
    """`hang`, `crash: …`, or the exception on one line."""
    trace: str = ""
    seconds: float = 0.0


def in_fork(function: Callable[[], Any], timeout: float, quiet: bool = True) -> Outcome:
    """Calls `function` in a forked child; its result must pickle."""
    started = time.perf_counter()
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(int(timeout) + 10)  # ends the child even if this process is killed
        run_in_child(function, writing, quiet)
    os.close(writing)
    data, timed_out = read_all(reading, started + timeout)
    os.close(reading)
    if timed_out:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - started
    if timed_out:
        return Outcome(error=f"hang: no result within {timeout:g} s", seconds=seconds)
    if not data:
        return Outcome(error=f"crash: exit status {os.waitstatus_to_exitcode(status)}", seconds=seconds)
    value, error, trace = pickle.loads(data)
    return Outcome(value, error, trace, seconds)


def run_in_child(function: Callable[[], Any], writing: int, quiet: bool) -> None:
    """The child's side; never returns."""
    os.setpgid(0, 0)
    if quiet:
        void = os.open(os.devnull, os.O_WRONLY)
        os.dup2(void, 1)
        os.dup2(void, 2)
    answer: tuple[Any, str | None, str]
    try:
        answer = (function(), None, "")
    except BaseException as error:
        lines = str(error).strip().splitlines() or [""]
        answer = (None, f"{type(error).__name__}: {lines[0][:300]}", traceback.format_exc(limit=-12)[-6000:])
    data = pickle.dumps(answer)
    while data:
        data = data[os.write(writing, data) :]
    os._exit(0)


def read_all(descriptor: int, deadline: float) -> tuple[bytes, bool]:
    """The data that the child wrote, and True if it ran out of time."""
    chunks: list[bytes] = []
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.perf_counter()))
        if not ready:
            return b"", True
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return b"".join(chunks), False
        chunks.append(chunk)


def resident_bytes() -> int:
    """The current resident memory of this process."""
    return status_bytes("VmRSS")


def peak_bytes() -> int:
    """The peak of the resident memory since `reset_peak`."""
    return status_bytes("VmHWM")


def reset_peak() -> None:
    """Resets the peak of the resident memory (Linux only)."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def status_bytes(field: str) -> int:
    """A field of /proc/self/status in bytes."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    raise OSError(f"no {field} in /proc/self/status")
