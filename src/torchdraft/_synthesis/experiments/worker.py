"""Runs calls of an operator in a forked process, which may crash, hang or run out of memory.

The process inherits the operator and the tensors of the given calls, so that nothing of it needs to be importable. It
reads descriptions of calls and writes descriptions of outputs; values stay in it.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import pickle
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .calls import Call, Material
from .observed import Observed, observe
from .operator import Operator

try:
    import resource
except ImportError:  # not on Windows, where there is no fork either
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one call in the process."""

    seconds: float = 5.0
    bytes: int = 2 << 30


class Crashed(Exception):
    """The process ended, or was ended after its time, while it ran something; or what it ran raised."""


@dataclass(frozen=True, slots=True)
class _Raised:
    """The answer where a request raised in the process."""

    text: str


def run_call(operator: Operator, material: Material, call: Call) -> Observed:
    """The outputs of one call, in this process."""
    try:
        values = material.build(call)
    except Exception as error:
        return Observed(error=f"no such arguments: {error}")
    args, kwargs = operator.unbind(values)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _seed(call)
        try:
            out = operator.overload(*args, **kwargs)
        except (Exception, SystemExit) as error:
            text = " ".join(str(error).split())[:300]
            return Observed(error=f"{type(error).__name__}: {text}")
    return observe(out, values)


def _seed(call: Call) -> None:
    """Seeds the generators of the devices of a call. `torch.manual_seed` costs more than most calls: for each kind of
    accelerator that is not in use it formats the stack.
    """
    if all(tensor.device in ("cpu", "meta") for tensor in call.tensors()):
        torch.default_generator.manual_seed(call.seed)
    else:
        torch.manual_seed(call.seed)


class Worker:
    """Runs functions of this process in a forked one: `serve` is called there with each request."""

    def __init__(self, serve: Callable[[Any], Any], limits: Limits) -> None:
        self.serve = serve
        self.limits = limits
        self.crashes = 0
        self._child: int | None = None
        self._reading = self._writing = -1

    def ask(self, request: Any, seconds: float | None = None) -> Any:
        """What `serve` returns for a request. Raises `Crashed` if the process ends or exceeds its time."""
        if self._child is None:
            self._start()
        _send(self._writing, request)
        deadline = time.monotonic() + (seconds or self.limits.seconds)
        try:
            answer = _receive(self._reading, deadline)
            if isinstance(answer, _Raised):
                raise Crashed(answer.text)
            return answer
        except TimeoutError:
            self.close()
            self.crashes += 1
            raise Crashed(f"no result within {seconds or self.limits.seconds:g} s") from None
        except EOFError:
            status = self._wait()
            self.crashes += 1
            raise Crashed(_said(status)) from None

    def _start(self) -> None:
        if not hasattr(os, "fork"):
            raise OSError("this platform cannot fork a process; pass isolated=False to run the operator in this one")
        requests, answers = os.pipe(), os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns if there are threads
            child = os.fork()
        if child == 0:
            os.close(requests[1])
            os.close(answers[0])
            _serve(requests[0], answers[1], self.serve, self.limits)
        os.close(requests[0])
        os.close(answers[1])
        self._child, self._reading, self._writing = child, answers[0], requests[1]

    def _wait(self) -> int:
        assert self._child is not None
        _, status = os.waitpid(self._child, 0)
        os.close(self._reading)
        os.close(self._writing)
        self._child = None
        return status

    def close(self) -> None:
        """Ends the process."""
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)
            self._wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LocalWorker(Worker):
    """Serves requests in this process, without limits."""

    def ask(self, request: Any, seconds: float | None = None) -> Any:
        del seconds
        return self.serve(request)


@dataclass(slots=True)
class Experiments:
    """Runs calls and keeps what they returned."""

    worker: Worker
    runs: int = 0

    def run(self, calls: Sequence[Call]) -> Iterator[tuple[Call, Observed]]:
        """The outputs of each call."""
        for call in calls:
            self.runs += 1
            try:
                yield call, self.worker.ask(("call", call))
            except Crashed as error:
                yield call, Observed(error=f"crash: {error}")


def _serve(reading: int, writing: int, serve: Callable[[Any], Any], limits: Limits) -> None:
    """The child's side; never returns."""
    try:
        os.setpgid(0, 0)
        faulthandler.disable()  # a crash here is an answer, and no failure of the parent
        void = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(void, descriptor)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 -- they may be other files than 1 and 2
        logging.disable(logging.CRITICAL)
        torch.set_num_threads(1)  # the parent's pool of threads does not exist here
        if resource is not None:
            _limit_memory(limits.bytes)
        while True:
            request = _receive(reading, None)
            try:
                answer = serve(request)
            except Exception as error:
                answer = _Raised(f"{type(error).__name__}: {error}")
            _send(writing, answer)
    except BaseException:
        os._exit(70)


def _limit_memory(more: int) -> None:
    try:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return  # only Linux says how much there is already
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + more
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _send(descriptor: int, value: Any) -> None:
    data = pickle.dumps(value)
    view = memoryview(struct.pack("<Q", len(data)) + data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        pass  # the answer's end of file says it


def _receive(descriptor: int, deadline: float | None) -> Any:
    (length,) = struct.unpack("<Q", _read(descriptor, 8, deadline))
    return pickle.loads(_read(descriptor, length, deadline))


def _read(descriptor: int, count: int, deadline: float | None) -> bytes:
    data = b""
    while len(data) < count:
        if deadline is not None:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
        chunk = os.read(descriptor, count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def _said(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
